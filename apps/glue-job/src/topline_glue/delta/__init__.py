"""The zone: a small Delta Lake log over an object store."""

from topline_glue.delta.zone import DeltaZone

__all__ = ["DeltaZone"]
