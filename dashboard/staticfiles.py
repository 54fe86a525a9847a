"""Static files under names that change with their content, so that browsers may keep them for ever."""

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):
    """Hashed names for stylesheets, pictures, and the ES modules that import each other by relative paths.

    Where nothing was collected yet (tests, a checkout that runs `manage.py` by hand) addresses are the plain
    ones, so that pages can be rendered at all.
    """

    support_js_module_import_aggregation = True

    def url(self, name: str | None, force: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's signature
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name)
        return str(super().url(name, force))
