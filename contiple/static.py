"""Static files in production: compressed, and named with their hash, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

OUR_MODULES = "js/*.js"  # only these: in scripts of packages, text that looks like an import is a comment


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Names the imports of our modules with their hashes too: a new release never runs with a part of the old one."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (OUR_MODULES, CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )
