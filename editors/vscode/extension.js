// Starts `auditc lsp` and connects it with the editor. Everything that knows the language is in the server.
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function makeClient() {
  const [command, ...args] = workspace.getConfiguration("auditc").get("command");
  return new LanguageClient(
    "auditc",
    "auditc",
    { command, args },
    {
      documentSelector: [{ scheme: "file", language: "audit" }],
      synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.{audit,csv,jsonl}") },
    },
  );
}

async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(
      `The language server of auditc did not start (${error.message}). Install it with: pip install "auditc[editor]", ` +
        "or say where it is in the setting auditc.command.",
    );
  }
}

async function stop() {
  if (client && client.needsStop()) await client.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("auditc.restart", restart),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("auditc.command") && restart()),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
