-- What the stand-in derives from its journal. Remove the file, and it is built anew (events are then told again).
CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS request (
  message_id TEXT PRIMARY KEY, place INTEGER NOT NULL, mails INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mail (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL, number INTEGER NOT NULL,
  address TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, subject TEXT NOT NULL, accepted_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mail_by_address ON mail (address);
CREATE TABLE IF NOT EXISTS event (
  seq INTEGER PRIMARY KEY, mail_id TEXT NOT NULL, kind TEXT NOT NULL, due REAL NOT NULL, body BLOB NOT NULL,
  batch INTEGER, posted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS event_waiting ON event (due, seq) WHERE batch IS NULL;
CREATE INDEX IF NOT EXISTS event_by_batch ON event (batch) WHERE batch IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_by_mail ON event (mail_id);
CREATE TABLE IF NOT EXISTS batch (
  seq INTEGER PRIMARY KEY, body BLOB NOT NULL, formed_at REAL NOT NULL, next_at REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, events INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS batch_open ON batch (next_at) WHERE settled = 0;
CREATE TABLE IF NOT EXISTS suppression (address TEXT PRIMARY KEY COLLATE NOCASE, reason TEXT NOT NULL) STRICT;
