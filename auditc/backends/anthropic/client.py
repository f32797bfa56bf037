"""The way to the server, through the `anthropic` library: requests one by one, and jobs of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._hosted.address import host
from auditc.backends._hosted.answers import json_of
from auditc.backends._hosted.engine import Body, Hosted
from auditc.backends._hosted.jobs import Desk, Progress, rows
from auditc.backends._hosted.key import Key, read
from auditc.backends._hosted.opening import Translating, only_ours, plain_client, remedies
from auditc.backends._hosted.pacing import Pacer
from auditc.backends._hosted.standing import Standing
from auditc.backends._hosted.trouble import Trouble, invalid, of_error, used_up
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, ScoreReply, ScoreRequest

from .identity import identify
from .params import Params
from .words import VERSIONS, body_of, text_reply


@dataclass(slots=True, eq=False)
class AnthropicServer:
    """One server. Stands being called by many threads."""

    params: Params
    key: Key
    library: Any
    client: Any

    def score_body(self, request: ScoreRequest) -> Body:
        raise NotImplementedError("binding refuses a stage that needs probabilities")

    def score_reply(self, request: ScoreRequest, answer: Any) -> ScoreReply | Failure:
        raise NotImplementedError("binding refuses a stage that needs probabilities")

    def text_body(self, request: GenerateRequest) -> Body:
        return body_of(request, self.params)

    def text_reply(self, request: GenerateRequest, answer: Any) -> GenerateReply:
        return text_reply(request, answer, self.params, self.key)

    def send(self, body: Body) -> tuple[Any, float | None]:
        """One request. Raises Trouble."""
        said = ("model", "messages", "max_tokens")
        rest = {name: value for name, value in body.items() if name not in said}
        create = self.client.messages.with_streaming_response.create
        with (
            Translating(self.library, self.key),
            create(**{name: body[name] for name in said}, extra_body=rest) as response,
        ):
            return json_of(response.iter_bytes()), used_up(response.headers)

    def close(self) -> None:
        self.client.close()

    def begin(self, bodies: dict[str, Body]) -> str:
        """Hand a job over; its id. Raises Trouble."""
        with Translating(self.library, self.key):
            job = self.client.messages.batches.create(
                requests=[{"custom_id": name, "params": body} for name, body in bodies.items()]
            )
        name = getattr(job, "id", None)
        if not isinstance(name, str) or not name:
            raise invalid("a job without a name")
        return name

    def look(self, job: str) -> Progress:
        """How far a job is. Raises Trouble."""
        with Translating(self.library, self.key):
            found = self.client.messages.batches.retrieve(job)
        status = self.key.clean(str(getattr(found, "processing_status", ""))[:40])
        return Progress(status == "ended", status)

    def collect(self, job: str, progress: Progress) -> dict[str, Any | Trouble]:
        """What a job that ended brought, by the names of its requests. Raises Trouble.

        Not from the address that the server gives for it, which may be another host's.
        """
        import httpx2

        with Translating(self.library, self.key):
            got = self.client.get(f"/v1/messages/batches/{quote(job, safe='')}/results", cast_to=httpx2.Response)
        return rows(got.content, self._line)

    def _line(self, line: Any) -> tuple[str, Any | Trouble]:
        result = line.get("result") if isinstance(line, dict) else None
        if not isinstance(result, dict) or not isinstance(line.get("custom_id"), str):
            raise invalid("a line of a job without its name")
        if result.get("type") == "succeeded":
            return line["custom_id"], result.get("message")
        if result.get("type") == "errored":
            return line["custom_id"], of_error(result.get("error"), self.key)
        return line["custom_id"], Trouble("server", f"the job has no answer to it: {str(result.get('type'))[:40]}")


def open_engine(source: ModelSource, params: Params) -> Hosted:
    """Ready to ask. Raises BackendUnavailable without the library or the key."""
    identity = identify(source, params)
    key = read(params.key)
    try:
        import anthropic
    except ImportError as fault:
        raise BackendUnavailable("anthropic is not installed: install auditc with its `hosted` extra") from fault
    client = anthropic.Anthropic(
        api_key=key.value,
        base_url=params.url,
        timeout=params.timeout,
        max_retries=0,
        open_telemetry=False,
        http_client=plain_client(anthropic.DefaultHttpxClient, params.concurrency),
    )
    only_ours(client, {"anthropic-version": VERSIONS[params.settings]})
    server = AnthropicServer(params, key, anthropic, client)
    return Hosted(
        identity=identity,
        provider=server,
        standing=Standing(f"`{params.model}` at {host(params.url)}", remedies(params.key, params.model)),
        pacer=Pacer(params.concurrency),
        retries=params.retries,
        timeout=params.timeout,
        jobs=Desk(server, source.notes, params.retries, params.timeout) if params.batch else None,
    )
