"""boto3's client of DynamoDB with a test between it and its caller."""

from botocore.exceptions import ClientError, ConnectionClosedError


class SpiedClient:
    """`before` and `after` are called with (operation, which call of it, request)."""

    def __init__(self, client):
        self._client = client
        self.calls = []
        self.before = lambda operation, count, request: None
        self.after = lambda operation, count, request: None

    def requests(self, operation):
        return [request for name, request in self.calls if name == operation]

    def get_paginator(self, operation):
        self.calls.append((operation, None))
        return self._client.get_paginator(operation)

    def __getattr__(self, operation):
        method = getattr(self._client, operation)

        def call(**request):
            self.calls.append((operation, request))
            count = len(self.requests(operation))
            self.before(operation, count, request)
            found = method(**request)
            self.after(operation, count, request)
            return found

        return call


def connection_closed():
    return ConnectionClosedError(endpoint_url="http://127.0.0.1:1")


def refusal(code, status=400, **more):
    response = {
        "Error": {"Code": code, "Message": "as the test says"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
    }
    return ClientError(response | more, "Any")


def cancelled(*reasons):
    codes = [{"Code": reason} for reason in reasons]
    return refusal("TransactionCanceledException", CancellationReasons=codes)
