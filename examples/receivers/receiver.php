<?php
/**
 * A receiver of Ackstream deliveries with nothing but PHP (8.1 and newer, with its pdo_sqlite):
 *
 *   RECEIVED_DB=received.db php -d post_max_size=72M -d memory_limit=512M -S 127.0.0.1:9000 receiver.php
 *
 * Behind a web server the two settings stand in php.ini. Where WEBHOOK_SECRET is set, what is not signed with it is refused.
 */
declare(strict_types=1);

const SCHEMA = <<<'SQL'
    CREATE TABLE IF NOT EXISTS ingestions (
      ingestion_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0,
      records INTEGER NOT NULL DEFAULT 0, chain TEXT NOT NULL, is_completed INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS chunks (chunk_id TEXT PRIMARY KEY, checksum TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS records (
      ingestion_id TEXT, position INTEGER, record TEXT NOT NULL, PRIMARY KEY (ingestion_id, position));
    SQL;
const ACKNOWLEDGED = [200, ['ack' => true, 'error' => null]];

// Until the answer is known: whatever goes wrong on the way, such as a full disk, has the same chunk sent again.
http_response_code(500);
[$status, $answer] = receive((string) file_get_contents('php://input'));
http_response_code($status);
header('Content-Type: application/json');
echo json_encode($answer, JSON_THROW_ON_ERROR);

function refusal(int $status, string $error, array $more = []): array
{
    return [$status, ['ack' => false, 'error' => $error] + $more];
}

/** A header of the request, '' where it was not sent. */
function requestHeader(string $name): string
{
    return $_SERVER['HTTP_' . strtoupper(str_replace('-', '_', $name))] ?? '';
}

function connect(): PDO
{
    $database = new PDO('sqlite:' . (getenv('RECEIVED_DB') ?: __DIR__ . '/received.db'));
    $database->exec('PRAGMA journal_mode = WAL');
    // A commit is on the disk when it returns. What was acknowledged is never sent again, not even after a power cut.
    $database->exec('PRAGMA synchronous = FULL');
    $database->exec(SCHEMA);
    return $database;
}

function run(PDO $database, string $sql, array $values): PDOStatement
{
    $statement = $database->prepare($sql);
    $statement->execute($values);
    return $statement;
}

/** Decides on one request. What it changes is committed when it returns. */
function receive(string $body): array
{
    $digest = requestHeader('Content-Digest');
    $rightDigest = 'sha-256=:' . base64_encode(hash('sha256', $body, true)) . ':';
    if (str_contains($digest, 'sha-256=') && !str_contains($digest, $rightDigest)) {
        return refusal(400, 'DIGEST_MISMATCH');
    }
    $secret = getenv('WEBHOOK_SECRET');
    if ($secret !== false && !isSigned($body, $secret)) {
        return refusal(401, 'SIGNATURE_INVALID');
    }
    [$envelope, $array] = readMessage($body);
    $id = $envelope['ingestion_id'] ?? null;
    $number = $envelope['chunk_number'] ?? null;
    $epoch = requestHeader('Ackstream-Epoch') ?: '0';
    $isKnown = is_string($id) && is_int($number) && ctype_digit($epoch) && ($array === null
        ? ($envelope['status'] ?? null) === 'COMPLETED'
        : ($envelope['chunk_id'] ?? null) === "$id:$number" && is_string($envelope['checksum'] ?? null));
    if (!$isKnown) {
        return refusal(400, 'MALFORMED');
    }

    $database = connect();
    // IMMEDIATE takes the write lock at once: of two copies of a chunk the second waits here, and then finds the first.
    // What is not committed when this script ends is rolled back.
    $database->exec('BEGIN IMMEDIATE');
    run($database, 'INSERT OR IGNORE INTO ingestions (ingestion_id, chain) VALUES (?, ?)', [$id, str_repeat('0', 64)]);
    $stored = run($database, 'SELECT * FROM ingestions WHERE ingestion_id = ?', [$id])->fetch(PDO::FETCH_ASSOC);
    if ((int) $epoch < $stored['epoch']) {
        [$status, $answer] = refusal(409, 'STALE_EPOCH', ['epoch' => $stored['epoch']]);
    } else {
        run($database, 'UPDATE ingestions SET epoch = ? WHERE ingestion_id = ?', [(int) $epoch, $id]);
        [$status, $answer] = $array === null
            ? complete($database, $envelope, $stored)
            : store($database, $envelope, $array, $stored);
    }
    $database->exec('COMMIT');
    return [$status, $answer + ['ingestion_id' => $id, 'chunk_number' => $number]];
}

/** The members of a body but for its records, and the text of the records' array, null for COMPLETED. */
function readMessage(string $body): array
{
    // Only ids and numbers stand before the records, and only they and is_last behind: the first and the last place are theirs.
    $before = strpos($body, '"records":[');
    $behind = strrpos($body, '],"is_last":');
    if ($before === false || $behind === false) {
        return [json_decode($body, true), null];
    }
    $start = $before + strlen('"records":');
    $end = $behind + 1;
    return [
        json_decode(substr($body, 0, $start) . 'null' . substr($body, $end), true),
        substr($body, $start, $end - $start),
    ];
}

function store(PDO $database, array $chunk, string $array, array $stored): array
{
    $known = run($database, 'SELECT checksum FROM chunks WHERE chunk_id = ?', [$chunk['chunk_id']])->fetchColumn();
    if ($known !== false) {
        return $known === $chunk['checksum'] ? ACKNOWLEDGED : refusal(422, 'CHUNK_ID_REUSED');
    }
    $records = elements($array);
    if ($records === []) {
        return refusal(200, 'EMPTY_CHUNK');
    }
    if ($chunk['chunk_number'] !== $stored['chunks']) {
        return refusal(200, 'OUT_OF_ORDER_CHUNK', ['expected_chunk' => $stored['chunks']]);
    }
    // The bytes that are sent are the bytes that were hashed.
    if (hash('sha256', $array) !== $chunk['checksum']) {
        return refusal(200, 'CHECKSUM_MISMATCH');
    }

    $insert = $database->prepare('INSERT INTO records VALUES (?, ?, ?)');
    foreach ($records as $index => $record) {
        $insert->execute([$chunk['ingestion_id'], $stored['records'] + $index, $record]);
    }
    run($database, 'INSERT INTO chunks VALUES (?, ?)', [$chunk['chunk_id'], $chunk['checksum']]);
    run($database, 'UPDATE ingestions SET chunks = ?, records = ?, chain = ? WHERE ingestion_id = ?', [
        $stored['chunks'] + 1,
        $stored['records'] + count($records),
        hash('sha256', $stored['chain'] . $chunk['checksum']),
        $chunk['ingestion_id'],
    ]);
    return ACKNOWLEDGED;
}

function complete(PDO $database, array $claim, array $stored): array
{
    $isComplete = $claim['chunk_number'] === max(0, $stored['chunks'] - 1)
        && ($claim['total_records'] ?? null) === $stored['records']
        && ($claim['total_chunks'] ?? $stored['chunks']) === $stored['chunks']
        && ($claim['chain_checksum'] ?? $stored['chain']) === $stored['chain'];
    if (!$isComplete) {
        return refusal(200, 'INCOMPLETE', ['expected_chunk' => $stored['chunks']]);
    }
    run($database, 'UPDATE ingestions SET is_completed = 1 WHERE ingestion_id = ?', [$claim['ingestion_id']]);
    return ACKNOWLEDGED;
}

/** Each element of a JSON array as the text it came as: json_decode would round numbers of many digits. */
function elements(string $array): array
{
    $elements = [];
    $depth = 0;
    $start = 1;
    for ($at = 0; $at < strlen($array); $at++) {
        $at += strcspn($array, '"[]{},', $at);
        $sign = $array[$at] ?? '';
        if ($sign === '"') {
            $at = endOfString($array, $at);
        } elseif ($sign === '[' || $sign === '{') {
            $depth++;
        } elseif ($sign === ']' || $sign === '}') {
            $depth--;
        }
        if (($sign === ',' && $depth === 1) || ($sign === ']' && $depth === 0)) {
            if ($at > $start) {
                $elements[] = substr($array, $start, $at - $start);
            }
            $start = $at + 1;
        }
    }
    return $elements;
}

/** Where the string that begins at $at ends: at its closing quote. */
function endOfString(string $text, int $at): int
{
    for ($at++; ; $at += 2) {
        $at += strcspn($text, '"\\', $at);
        if (($text[$at] ?? '"') === '"') {
            return $at;
        }
    }
}

/** Whether a delivery is signed by the Standard Webhooks specification, and not more than five minutes off. */
function isSigned(string $body, string $secret): bool
{
    $id = requestHeader('webhook-id');
    $timestamp = requestHeader('webhook-timestamp');
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $right = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', requestHeader('webhook-signature')) as $candidate) {
        if (hash_equals($right, $candidate)) {
            return true;
        }
    }
    return false;
}
