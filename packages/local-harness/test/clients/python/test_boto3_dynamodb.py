"""boto3's DynamoDB: its client, and its resource with numbers as Decimals."""

import uuid
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError


@pytest.fixture(scope="session")
def dynamodb():
    return boto3.client("dynamodb")


@pytest.fixture
def table(dynamodb):
    """Its name. Keys are `date` and `rank`; the index `by-count` orders a date by `count`."""
    name = f"python-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "date", "AttributeType": "S"},
            {"AttributeName": "rank", "AttributeType": "N"},
            {"AttributeName": "count", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "date", "KeyType": "HASH"},
            {"AttributeName": "rank", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-count",
                "KeySchema": [
                    {"AttributeName": "date", "KeyType": "HASH"},
                    {"AttributeName": "count", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    yield name
    dynamodb.delete_table(TableName=name)


def item(rank, count, date="2024-06-25", **attributes):
    text = {name: {"S": value} for name, value in attributes.items()}
    return {"date": {"S": date}, "rank": {"N": str(rank)}, "count": {"N": str(count)}, **text}


def put(table, item, **condition):
    return {"Put": {"TableName": table, "Item": item, **condition}}


def test_a_transaction_writes_all_and_a_query_reads_it_in_order(dynamodb, table):
    items = [item(rank, 1000 - rank, genre=f"Fünk {rank}") for rank in range(1, 100)]
    dynamodb.transact_write_items(TransactItems=[put(table, one) for one in items])
    of_date = {
        "TableName": table,
        "ConsistentRead": True,
        "KeyConditionExpression": "#date = :date",
        "ExpressionAttributeNames": {"#date": "date"},
        "ExpressionAttributeValues": {":date": {"S": "2024-06-25"}},
    }
    pages = dynamodb.get_paginator("query").paginate(**of_date, PaginationConfig={"PageSize": 7})
    assert [one for page in pages for one in page["Items"]] == items
    top = dynamodb.query(**of_date, IndexName="by-count", ScanIndexForward=False, Limit=3)
    assert top["Items"] == items[:3]
    assert top["LastEvaluatedKey"]["rank"] == {"N": "3"}


def test_a_transaction_whose_condition_fails_writes_nothing_and_says_which(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1, 1))
    is_new = {
        "ConditionExpression": "attribute_not_exists(#date)",
        "ExpressionAttributeNames": {"#date": "date"},
    }
    check = {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"date": {"S": "2024-06-25"}, "rank": {"N": "1"}},
            "ConditionExpression": "#count = :one",
            "ExpressionAttributeNames": {"#count": "count"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    dynamodb.transact_write_items(TransactItems=[check, put(table, item(2, 2), **is_new)])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(
            TransactItems=[put(table, item(3, 3)), put(table, item(2, 9), **is_new), check]
        )
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
    left = dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    assert sorted(one["count"]["N"] for one in left) == ["1", "2"]


def test_numbers_keep_38_digits_through_the_resource(table):
    rows = boto3.resource("dynamodb").Table(table)
    great = Decimal("12345678901234567890123456789012345678")
    small = Decimal("1E-130")
    nested = {"list": [Decimal(1), "two", None, True, b"three"], "map": {"ä": {"b": small}}}
    rows.put_item(Item={"date": "2024-06-25", "rank": 1, "count": great, **nested})
    got = rows.get_item(Key={"date": "2024-06-25", "rank": 1}, ConsistentRead=True)["Item"]
    assert (got["count"], got["map"]) == (great, {"ä": {"b": small}})
    assert got["list"][:4] == [Decimal(1), "two", None, True]
    assert bytes(got["list"][4]) == b"three"


def test_items_are_updated_on_conditions_and_deleted_in_batches(table):
    rows = boto3.resource("dynamodb").Table(table)
    with rows.batch_writer() as batch:
        for rank in range(60):
            batch.put_item(Item={"date": "2024-06-25", "rank": rank, "count": rank % 7})
    key = {"date": "2024-06-25", "rank": 5}
    add = {
        "UpdateExpression": "ADD #count :one SET seen = :yes",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": {":one": 1, ":yes": True},
    }
    updated = rows.update_item(Key=key, **add, ReturnValues="ALL_NEW")["Attributes"]
    assert updated == {**key, "count": 6, "seen": True}
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        rows.update_item(Key=key, **add, ConditionExpression=Attr("rank").gt(5))
    with rows.batch_writer() as batch:
        for rank in range(50):
            batch.delete_item(Key={"date": "2024-06-25", "rank": rank})
    is_late = Key("date").eq("2024-06-25") & Key("rank").gte(55)
    found = rows.query(KeyConditionExpression=is_late, ConsistentRead=True)
    assert [one["rank"] for one in found["Items"]] == list(range(55, 60))
    assert rows.scan(ConsistentRead=True, Select="COUNT")["Count"] == 10
