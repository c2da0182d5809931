import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

export interface Writer {
  readonly text: string;
  readonly write: () => Promise<unknown>;
}

/** What each writer came to: its text where it made the object, else the code with which it was refused. */
export type Outcome = { readonly won: string } | { readonly refused: string };

/** Writers that will create `key`, every other one by completing an upload in parts. */
export function prepare(
  client: S3Client,
  Bucket: string,
  Key: string,
  member: string,
  writers: number,
): Promise<Writer[]> {
  const target = { Bucket, Key };
  const create = { IfNoneMatch: "*" } as const;
  return Promise.all(
    Array.from({ length: writers }, async (_, i) => {
      const text = `${Key} by writer ${i} of ${member}`;
      if (i % 2 === 0) {
        const put = new PutObjectCommand({ ...target, ...create, Body: text });
        return { text, write: () => client.send(put) };
      }
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
      const part = { ...target, UploadId, PartNumber: 1 };
      const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: text }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      const whole = { ...target, ...create, UploadId, MultipartUpload };
      return { text, write: () => client.send(new CompleteMultipartUploadCommand(whole)) };
    }),
  );
}

export function contend(writers: readonly Writer[]): Promise<Outcome[]> {
  return Promise.all(
    writers.map(({ text, write }) =>
      write().then(
        () => ({ won: text }),
        (error: Error) => ({ refused: error.name }),
      ),
    ),
  );
}
