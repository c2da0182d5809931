import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

/**
 * A bucket with an object `k` ("hello") and an upload of `u` with one part ("part"), and an empty bucket: for one
 * command to be tried on.
 */
export class Stage {
  readonly client: S3Client;
  readonly bucket: string;
  readonly uploadId: string;
  readonly partETag: string;

  private constructor(client: S3Client, bucket: string, uploadId: string, partETag: string) {
    this.client = client;
    this.bucket = bucket;
    this.uploadId = uploadId;
    this.partETag = partETag;
  }

  static async set(client: S3Client, bucket: string): Promise<Stage> {
    for (const Bucket of [bucket, `${bucket}-empty`]) {
      await client.send(new CreateBucketCommand({ Bucket }));
    }
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "hello" }));
    const u = { Bucket: bucket, Key: "u" };
    const algorithm = { ChecksumAlgorithm: "CRC32" } as const;
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...u, ...algorithm }),
    );
    const part = { ...u, UploadId, PartNumber: 1, Body: "part", ...algorithm };
    const { ETag } = await client.send(new UploadPartCommand(part));
    return new Stage(client, bucket, UploadId ?? "", ETag ?? "");
  }

  async read(key: string): Promise<string | undefined> {
    const get = new GetObjectCommand({ Bucket: this.bucket, Key: key });
    try {
      const { Body } = await this.client.send(get);
      return await Body?.transformToString();
    } catch (error) {
      if ((error as Error).name === "NoSuchKey") return undefined;
      throw error;
    }
  }

  async head(key: string) {
    const { $metadata: _, ...head } = await this.client.send(
      new HeadObjectCommand({ Bucket: this.bucket, Key: key }),
    );
    return head;
  }

  /** Those whose names begin like the stage's. */
  async buckets(): Promise<(string | undefined)[]> {
    const list = new ListBucketsCommand({ Prefix: this.bucket });
    const { Buckets = [] } = await this.client.send(list);
    return Buckets.map(({ Name }) => Name);
  }

  async uploads(): Promise<(string | undefined)[]> {
    const { Uploads = [] } = await this.client.send(
      new ListMultipartUploadsCommand({ Bucket: this.bucket }),
    );
    return Uploads.map(({ UploadId }) => UploadId);
  }

  async parts(): Promise<(number | undefined)[]> {
    const upload = { Bucket: this.bucket, Key: "u", UploadId: this.uploadId };
    const { Parts = [] } = await this.client.send(new ListPartsCommand(upload));
    return Parts.map(({ Size }) => Size);
  }
}
