"""A step of the pipeline that a Lambda function does."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.sdk import BaseOperator, Context
from botocore.exceptions import BotoCoreError, ClientError

from topline_airflow.faults import fault

# A function may take 15 minutes. Its answer is waited for a little longer, and the call is never
# repeated unseen: Airflow does that, and says so.
_CONFIG = {
    "connect_timeout": 10,
    "read_timeout": 930,
    "tcp_keepalive": True,
    "retries": {"total_max_attempts": 1},
}

# Of a call that Lambda refuses the same way every time.
_REFUSALS = {
    "AccessDeniedException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "RequestTooLargeException",
    "ResourceNotFoundException",
    "UnsupportedMediaTypeException",
}


class ToplineLambdaOperator(BaseOperator):
    """Invokes a function of Topline, waits for its answer, and returns it.

    :param function_name: its name or ARN
    :param run_id: the run that it is to work on
    :param run_date: the date in archived and rejected names, ``YYYY-MM-DD``; empty: today, UTC
    """

    template_fields: Sequence[str] = ("function_name", "run_id", "run_date")
    ui_color = "#f7c99b"

    def __init__(
        self,
        *,
        function_name: str,
        run_id: str,
        run_date: str = "",
        aws_conn_id: str = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function_name = function_name
        self.run_id = run_id
        self.run_date = run_date
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        given = {"run_id": self.run_id}
        if self.run_date:
            given["run_date"] = self.run_date
        self.log.info("run_id=%s function=%s", self.run_id, self.function_name)
        response = self._invoke(json.dumps(given))
        request_id = response.get("ResponseMetadata", {}).get("RequestId", "?")
        self._tell(response, request_id)
        answer = self._answer(response, request_id)
        if answer["run_id"] != self.run_id:
            self.log.warning(
                "run_id=%s goes on: it was open, and is finished first (asked for run_id=%s)",
                answer["run_id"],
                self.run_id,
            )
        self.log.info("run_id=%s answer=%s", answer["run_id"], json.dumps(answer))
        return answer

    def _invoke(self, payload: str) -> Mapping[str, Any]:
        hook = LambdaHook(aws_conn_id=self.aws_conn_id, config=_CONFIG)
        try:
            return hook.invoke_lambda(
                function_name=self.function_name,
                invocation_type="RequestResponse",
                log_type="Tail",
                payload=payload,
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise fault(
                f"Lambda did not run {self.function_name} (run_id={self.run_id}): {error}",
                is_retryable=code not in _REFUSALS,
            ) from error
        except BotoCoreError as error:
            raise fault(
                f"No answer of {self.function_name} (run_id={self.run_id}): {error}. It may be at "
                "work still; then a retry meets its lease, and waits.",
                is_retryable=True,
            ) from error

    def _tell(self, response: Mapping[str, Any], request_id: str) -> None:
        """The end of the function's log, which Lambda sends along."""
        self.log.info("run_id=%s request_id=%s", self.run_id, request_id)
        tail = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
        for line in tail.splitlines():
            self.log.info("%s: %s", self.function_name, line)

    def _answer(self, response: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        text = response["Payload"].read().decode(errors="replace")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        where = f"(function {self.function_name}, run_id={self.run_id}, request {request_id})"
        if "FunctionError" in response:
            said = answer if isinstance(answer, dict) else {}
            kind = said.get("errorType", "Unknown")
            raise fault(
                f"{said.get('errorMessage', text)} [{kind}] {where}",
                is_retryable=kind != "ToplineFault",
            )
        if not isinstance(answer, dict) or not isinstance(answer.get("run_id"), str):
            raise fault(
                f"What was answered names no run: {text[:500]!r} {where}. "
                "Is it Topline's function?",
                is_retryable=False,
            )
        return answer
