import { fileURLToPath } from "node:url";
import { describePytest } from "../../../../test/python/pytest.ts";

/** Clients of Python against a harness. */

const folder = fileURLToPath(new URL("python/", import.meta.url));

describePytest("boto3", folder, ["test_boto3.py"]);
describePytest("s3fs", folder, ["test_s3fs.py"]);
describePytest("DynamoDB by boto3", folder, ["test_boto3_dynamodb.py"]);
describePytest("Lambda by boto3", folder, ["test_boto3_lambda.py"]);
describePytest("Glue by boto3", folder, ["test_boto3_glue.py"], ["java", "uv"]);
