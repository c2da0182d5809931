import { expect, test } from "vitest";
import { answerOf, described } from "./sdk-error.ts";

test("an answer is told without the end of its sentence, which is the message's", () => {
  const error = Object.assign(new Error("The bucket is not valid."), {
    name: "InvalidBucketName",
    $metadata: { httpStatusCode: 400 },
  });
  expect(answerOf(described(error))).toBe("400 InvalidBucketName: The bucket is not valid");
  expect(answerOf(described(new TypeError("v1.2")))).toBe("TypeError: v1.2");
});
