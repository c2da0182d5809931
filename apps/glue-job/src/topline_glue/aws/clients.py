"""Clients whose behaviour does not change with boto3's defaults.

Endpoints, region and credentials are boto3's own business: `AWS_ENDPOINT_URL_S3`,
`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_DEFAULT_REGION`, roles. A client may be used by many threads.
"""

import boto3
from botocore.client import BaseClient
from botocore.config import Config

ATTEMPTS = 6
"""Full jitter, doubling, at most 20 s; AWS's own quota."""

_CONNECTIONS = 32


def s3_client() -> BaseClient:
    return boto3.client(
        "s3",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=5,
            # Silence on the line, and until an answer begins.
            read_timeout=120,
            max_pool_connections=_CONNECTIONS,
            s3={"addressing_style": "path"},
            # A CRC32 with every write. None is asked for on reads: a range has none.
            request_checksum_calculation="when_supported",
            response_checksum_validation="when_required",
        ),
    )


def dynamodb_client() -> BaseClient:
    """The low-level one: its numbers are text, so no digit is lost."""
    return boto3.client(
        "dynamodb",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=3,
            # No call of DynamoDB's takes that long; a transaction of 100 items takes tens of
            # milliseconds.
            read_timeout=15,
            max_pool_connections=_CONNECTIONS,
        ),
    )
