"""A store as simple as it can be said: dicts and sorted lists."""

import hashlib
import itertools
from dataclasses import dataclass, field


@dataclass
class ModelVersion:
    """A version or a delete marker; ``id`` is what the store called it."""

    id: str
    data: bytes | None
    etag: str = ""
    headers: dict = field(default_factory=dict)

    @property
    def marker(self):
        return self.data is None


class ModelBucket:
    """A bucket: for each key its versions, newest first."""

    def __init__(self):
        self.versioning = ""
        self.keys = {}
        self.uploads = {}

    def put(self, key, data, version_id, headers=None, etag=None):
        self._add(
            key,
            ModelVersion(
                version_id, data, etag or hashlib.md5(data).hexdigest(), dict(headers or {})
            ),
        )

    def _add(self, key, version):
        versions = self.keys.setdefault(key, [])
        if self.versioning != "Enabled":
            versions[:] = [each for each in versions if each.id != "null"]
        versions.insert(0, version)

    def delete(self, key, marker_id):
        """A delete without a version."""
        if self.versioning:
            self._add(key, ModelVersion(marker_id, None))
        else:
            self.keys.pop(key, None)

    def delete_version(self, key, version_id):
        versions = self.keys.get(key, [])
        gone = [each for each in versions if each.id == version_id]
        versions[:] = [each for each in versions if each.id != version_id]
        if not versions:
            self.keys.pop(key, None)
        return gone[0] if gone else None

    def find(self, key, version_id=None):
        versions = self.keys.get(key, [])
        if version_id is None:
            return versions[0] if versions else None
        return next((each for each in versions if each.id == version_id), None)

    def current(self):
        """Key and version of each object that a plain read finds, in order."""
        return [
            (key, versions[0])
            for key, versions in sorted(self.keys.items(), key=lambda item: item[0].encode())
            if not versions[0].marker
        ]

    def all_versions(self):
        """(key, version, is it the latest) of everything, in order."""
        return [
            (key, version, index == 0)
            for key, versions in sorted(self.keys.items(), key=lambda item: item[0].encode())
            for index, version in enumerate(versions)
        ]


def grouped(items, prefix, delimiter, *, key=lambda item: item):
    """What a listing shows of items in order: items, and common prefixes as text."""
    items = [item for item in items if key(item).startswith(prefix)]
    if not delimiter:
        return items

    def group(item):
        at = key(item).find(delimiter, len(prefix))
        return key(item)[: at + len(delimiter)] if at >= 0 else None

    shown = []
    for name, members in itertools.groupby(items, key=group):
        shown.extend(members) if name is None else shown.append(name)
    return shown
