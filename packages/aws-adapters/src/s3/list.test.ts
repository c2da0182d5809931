import { expect, test } from "vitest";
import { scriptedS3, xml } from "../../test/scripted-s3.ts";

const entry = (key: string) =>
  `<Contents><Key>${key}</Key><Size>5</Size><ETag>&quot;v1&quot;</ETag><LastModified>2024-06-25T10:00:00.000Z</LastModified></Contents>`;

test("a listing goes on by token, and undoes the encoding of keys", async () => {
  await using s3 = await scriptedS3((_, at) =>
    at === 0
      ? xml(
          `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a+b=</NextContinuationToken>${entry("a+b%2Bc/%C3%A9%0A")}</ListBucketResult>`,
        )
      : xml(
          `<ListBucketResult><IsTruncated>false</IsTruncated>${entry("a+b%20c")}</ListBucketResult>`,
        ),
  );
  const found = await Array.fromAsync(s3.store().list("a"));
  expect(found).toEqual([
    {
      key: "a b+c/é\n",
      size: 5,
      etag: `"v1"`,
      lastModified: new Date("2024-06-25T10:00:00Z"),
    },
    // An endpoint that does not say that it encodes does not.
    expect.objectContaining({ key: "a+b%20c" }),
  ]);
  expect(s3.asked.map(({ query }) => query.get("encoding-type"))).toEqual(["url", "url"]);
  expect(s3.asked.map(({ query }) => query.get("continuation-token"))).toEqual([null, "a+b="]);
  expect(s3.asked.map(({ query }) => query.get("prefix"))).toEqual(["a", "a"]);
});
