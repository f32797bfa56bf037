"""Backend `replay`: answers that were recorded, for tests and for reviewers who have no GPU and no key.

It is never the engine that was recorded: its identity is its own, and holds the recorded one beside the recording.
"""

from auditc.backends._contract import Backend
from auditc.backends.replay.opening import Params, can, identify, open_engine

replay = Backend(
    params=Params,
    needs_weights=False,
    in_process=True,
    can=can,
    identify=identify,
    open=open_engine,
    anew=False,
)
