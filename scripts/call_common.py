"""What the scripts about the call graph share: where things are, fetching with pip, exit statuses. Not run itself."""

import argparse
import os
import subprocess
import sys
import tarfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(REPOSITORY, "target")


def parser_of(documentation):
    """A parser that takes the binary to hold against something."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    parser.add_argument("--ssot", metavar="BINARY", default=os.path.join(TARGET, "release", "ssot"))
    return parser


def download(requirement, folder):
    """Fetches a source distribution with pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run(command + ["--no-binary", ":all:", "--dest", folder, requirement]).returncode:
        raise SystemExit("error: pip could not fetch {}".format(requirement))


def unpack(archive, folder, is_wanted=lambda member: True):
    """Unpacks the wanted files and folders of an archive."""
    with tarfile.open(archive) as tar:
        members = [member for member in tar if (member.isfile() or member.isdir()) and is_wanted(member)]
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(folder, members)


def exit_with(main):
    """Runs `main`; an error that is text is printed, with status 2."""
    try:
        sys.exit(main())
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
            sys.exit(2)
        raise
