"""HDF5 files that are written so that a disk which is full is an error: the HDF5 library itself ends the process."""

import contextlib
from collections.abc import Iterator
from typing import IO, Any


class Patient:
    """A file for the HDF5 library to write to, which goes on as if all were well when it is not, and tells at the end.

    The library keeps what it could not write, tries again when the process ends, and then reads memory that is gone.

    Args:
        file: open, to read and write, unbuffered.
    """

    def __init__(self, file: Any) -> None:
        self.file = file
        self.trouble: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """What is there."""
        return self.file.read(size)

    def readinto(self, buffer: Any) -> int:
        """What is there; zeros where it could not be written."""
        space = memoryview(buffer).cast("B")
        count = self.file.readinto(space)
        if count < len(space) and self.trouble is not None:
            space[count:] = bytes(len(space) - count)
            return len(space)
        return count

    def write(self, data: Any) -> int:
        """Write all of it, or remember why not."""
        left = memoryview(data).cast("B")
        size = len(left)
        if self.trouble is None:
            with self.remembering():
                while left:
                    left = left[self.file.write(left) :]
        return size

    def truncate(self, size: int | None = None) -> int:
        """Give it this size."""
        with self.remembering():
            return self.file.truncate(size)
        return size or 0

    def flush(self) -> None:
        """Nothing is kept back."""

    def seek(self, place: int, origin: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(place, origin)

    def tell(self) -> int:
        """The place."""
        return self.file.tell()

    @contextlib.contextmanager
    def remembering(self) -> Iterator[None]:
        """Keep the first error for the end."""
        try:
            yield
        except OSError as error:
            self.trouble = self.trouble or error


@contextlib.contextmanager
def hdf5_in(file: IO[bytes] | Any, **options: Any) -> Iterator[Any]:
    """A new HDF5 file in an open, unbuffered file.

    Raises:
        OSError: where it could not be written, at the end.
    """
    import h5py

    patient = Patient(file)
    with h5py.File(patient, "w", **options) as made:
        yield made
    if patient.trouble is not None:
        raise patient.trouble


@contextlib.contextmanager
def new_hdf5(path: Any, **options: Any) -> Iterator[Any]:
    """A new HDF5 file at a path.

    Raises:
        OSError: where it could not be written, at the end.
    """
    with open(path, "w+b", buffering=0) as file, hdf5_in(file, **options) as made:
        yield made
