"""An object store in memory, whose conditional puts fail as a test says."""

from topline_glue.aws import StoredObject
from topline_glue.errors import ToplineError


class MemoryStore:
    def __init__(self, objects=None):
        self.bodies = {} if objects is None else objects
        self.calls = []
        self.faults = []
        """Of the next puts: `answer lost`, `not put`, `own found`; then none."""

    def read(self, key):
        self.calls.append(f"get {key}")
        return self.bodies.get(key)

    def objects(self, prefix):
        self.calls.append(f"list {prefix}")
        for key in sorted(self.bodies):
            if key.startswith(prefix):
                body = self.bodies[key]
                yield StoredObject(key, len(body), str(hash(body)))

    def put(self, key, body, content_type=None, if_none_match=False):
        self.calls.append(f"put {key}")
        fault = self.faults.pop(0) if self.faults else None
        if fault == "not put":
            raise ToplineError("STORE_UNAVAILABLE", f"No answer to the put of {key}.")
        if if_none_match and key in self.bodies:
            raise ToplineError("OBJECT_EXISTS", f"There is an object {key} already.")
        self.bodies[key] = body
        if fault == "answer lost":
            raise ToplineError("STORE_UNAVAILABLE", f"No answer to the put of {key}.")
        if fault == "own found":
            raise ToplineError("OBJECT_EXISTS", f"There is an object {key} already.")
