"""SHELF: forms a report takes."""

from auditc.shelf import Shelf

from ._contract import Report

reports: Shelf[Report] = Shelf(__name__, Report)
