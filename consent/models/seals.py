"""The seals over the consent records: what shows that a record was altered, removed or slipped in. Never changed.

A seal outlives the records it holds: a purge leaves their leaves.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from django.db import models

from consent import facts


class Seal(models.Model):
    """A signed Merkle tree over the records that no earlier seal holds, chained to the seal before."""

    # ``tree_size`` are its own records, ``log_size`` those of all seals so far; ``late`` of its own are dated before
    # the end of the seal before. Every record decided before ``cutoff`` is in this seal or in one before.
    number = models.PositiveIntegerField(primary_key=True)
    issuer = models.CharField(max_length=300)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    root = models.CharField(max_length=64)
    tree_size = models.PositiveIntegerField()
    log_size = models.PositiveBigIntegerField()
    late = models.PositiveIntegerField()
    cutoff = models.DateTimeField()
    sealed_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    jws = models.TextField()

    class Meta:
        ordering = ["-number"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.number)

    def content(self) -> dict[str, Any]:
        """What is signed, and hashed for the next seal."""
        return {
            "issuer": self.issuer,
            "number": self.number,
            "previous": self.previous_sha256,
            "root": self.root,
            "tree_size": self.tree_size,
            "log_size": self.log_size,
            "late": self.late,
            "cutoff": facts.moment(self.cutoff),
            "sealed_at": facts.moment(self.sealed_at),
        }

    def content_sha256(self) -> str:
        """The hash that the next seal names."""
        return hashlib.sha256(rfc8785.dumps(self.content())).hexdigest()


class SealedRecord(models.Model):
    """One leaf of a seal: which record, what it said (as a hash), and until when it had to be there."""

    # No foreign key: the record is purged when its time has come.
    record_id = models.UUIDField(primary_key=True)
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="leaves", db_index=False)
    position = models.PositiveIntegerField()
    record_sha256 = models.CharField(max_length=64)
    valid_until = models.DateTimeField()

    class Meta:
        ordering = ["seal", "position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("seal", "position"), name="sealed_record_has_one_place")]

    def __str__(self) -> str:
        return str(self.record_id)

    def entry(self) -> dict[str, str]:
        """What the leaf hash is over. It binds the time until which the record must be kept, also after a purge."""
        return {
            "record_id": str(self.record_id),
            "record_sha256": self.record_sha256,
            "valid_until": facts.moment(self.valid_until),
        }

    def leaf_hash(self) -> bytes:
        """The leaf of the Merkle tree."""
        return facts.leaf_hash(self.entry())
