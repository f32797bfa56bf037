"""The room in which trainings are tested."""

from tests.runtime.training.classroom import room as room
