"""What the site itself keeps in the database."""

from django.db import models


class ContentStamp(models.Model):
    """One row, whose value changes with everything that public pages show; see ``ossnet_site.stamp``."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.CharField(max_length=36)

    def __str__(self) -> str:
        return self.value
