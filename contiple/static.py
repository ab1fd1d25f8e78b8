"""Static files of production: compressed, and with their hash in their name, so that browsers keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

OUR_MODULES = "js/*.js"  # packages' scripts are no modules, and what looks like an import in them is a comment


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also what a module imports is named with its hash: a new release never runs with a part of the old one."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (OUR_MODULES, CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )
