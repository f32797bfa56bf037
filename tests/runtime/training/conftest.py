"""The workspace in which trainings are tested."""

from tests.runtime.training.workspace import workspace as workspace
