"""S3 and DynamoDB, by boto3: the object store, the ledger, the KPI store, clients that fit."""

from topline_glue.aws.clients import dynamodb_client, s3_client
from topline_glue.aws.kpi_store import KpiStore
from topline_glue.aws.ledger import RunLedger
from topline_glue.aws.object_store import ObjectStore, StoredObject

__all__ = [
    "KpiStore",
    "ObjectStore",
    "RunLedger",
    "StoredObject",
    "dynamodb_client",
    "s3_client",
]
