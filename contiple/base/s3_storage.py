"""A bucket that speaks S3 (extra ``s3``). Importing this module takes half a second: it is for who uses it."""

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

CONNECT_S, ANSWER_S, TRIES = 5, 20, 2  # a person waits for it
MEGABYTE = 1024 * 1024


class BucketStorage(S3Storage):
    """Objects are private, and sent by us alone: nobody is given an address of the bucket's.

    An object is there as a whole or not at all: it is sent in one request, so no part of one is ever left behind.
    """

    def get_default_settings(self) -> dict:
        waiting = Config(
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            retries={"total_max_attempts": TRIES},
            signature_version="s3v4",
            s3={"addressing_style": "path"},  # servers of one's own have no name for each bucket
        )
        return super().get_default_settings() | {
            "client_config": waiting,
            "transfer_config": TransferConfig(multipart_threshold=64 * MEGABYTE, use_threads=False),
            "max_memory_size": MEGABYTE,  # what is read is on the disk beyond
            "default_acl": None,
            "file_overwrite": True,  # names are random: asking whether one is taken would only cost
            "gzip": False,
        }
