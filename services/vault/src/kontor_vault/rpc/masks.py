"""Field masks (AIP-134): which fields an update changes; an empty mask means those that the request sets."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from kontor_chassis.errors import invalid
from kontor_chassis.sentences import said


def changed_fields(mask: FieldMask, resource: Message, changeable: Collection[str]) -> frozenset[str]:
    """Return the names of the fields to change; raises INVALID for one that cannot be changed."""
    named = list(mask.paths) or [field.name for field, _ in resource.ListFields() if field.name in changeable]
    for path in named:
        if path != "*" and path not in changeable:
            raise invalid("update_mask", said("Das Feld „%(field)s“ kann hier nicht geändert werden.", field=path))
    return frozenset(changeable if "*" in named else named)
