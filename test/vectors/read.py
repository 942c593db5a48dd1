"""
A second reader of the vectors in this folder: Python 3.11, its standard library, and none of b-mail's own code.

    python3 test/vectors/read.py [FOLDER]

It decodes every encoding and encodes it again, computes again whatever follows from something else, verifies every
signature, and replays the ledger. It ends with 1 where anything differs, and where the vectors hold something that is
not known here, or the other way round. Sections stand in the order of the files. It is written to be read: where the
specification (`protocol`) and this page say the same, two people can build two nodes that agree.

Values are numbers, bytes, text, None, lists, and dicts with the names that the vectors use.
"""
import json
import sys
from contextlib import contextmanager
from functools import cache
from hashlib import sha256 as sha256_of
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
VECTORS = {path.stem: json.loads(path.read_text('utf-8')) for path in sorted(FOLDER.glob('*.json'))}
# The version of these vectors: one byte in front of operations, headers and envelopes, and in every name of a topic.
WIRE = VECTORS.get('network', {}).get('wire')

# ---------------------------------------------------------------------------------------------- comparing and counting

place = []      # where in the vectors one is
wrong = []      # a sentence for each thing that is wrong
count = SimpleNamespace(computed=0, checks=0)

@contextmanager
def inside(name):
    """Say where one is. What cannot be read there is one thing wrong, and one goes on behind all of it."""
    depth = len(place)
    place.append(name)
    try:
        yield
    except Exception as error:
        wrong.append(f'{": ".join(place)}: {type(error).__name__}: {error}')
    del place[depth:]

def each(name, entries):
    """Every entry of a list, and that one is there."""
    for index, entry in enumerate(entries):
        place.append(f'{name}[{entry.get("name", index)}]')
        yield entry
        place.pop()

def holds(what, condition):
    """Something that must hold besides the values."""
    count.checks += 1
    if not condition:
        wrong.append(f'{": ".join(place)}: {what} does not hold')

def same(what, said, computed):
    """A value of the vectors must be what was computed here."""
    count.computed += size_of(said)
    wrong.extend(': '.join([*place, what]) + difference for difference in differences(said, computed))

def differences(said, computed):
    if isinstance(computed, dict) and isinstance(said, dict) and computed.keys() == said.keys():
        for name in said:
            yield from (f'.{name}{rest}' for rest in differences(said[name], computed[name]))
    elif isinstance(computed, (list, tuple)) and isinstance(said, list) and len(computed) == len(said):
        for index, pair in enumerate(zip(said, computed)):
            yield from (f'[{index}]{rest}' for rest in differences(*pair))
    elif not alike(said, computed):
        yield f' is {short(said)}, and comes out as {short(computed)}'

def alike(said, computed):
    """Bytes stand in hex, small numbers as numbers, amounts and field elements in decimal, nothing as null."""
    if isinstance(computed, bytes):
        return said == computed.hex()
    if isinstance(computed, bool) or isinstance(said, bool):
        return said is computed
    return said == computed or isinstance(computed, int) and said == str(computed)

def short(value):
    text = value.hex() if isinstance(value, bytes) else json.dumps(value, default=bytes.hex)
    return text if len(text) <= 48 else f'{text[:40]}… ({len(text)} characters)'

def size_of(value):
    """How many values there are in a value, as `npm run vectors` counts: a list has its length, or names."""
    if isinstance(value, dict):
        return sum(map(size_of, value.values()))
    if not isinstance(value, list):
        return 1
    named = value and all(isinstance(item, dict) and isinstance(item.get('name'), str) for item in value)
    return (0 if named else 1) + sum(map(size_of, value))

def only(value, names):
    """The fields of an object, which must be these and no others."""
    wanted = names.split()
    strange = set(value) ^ set(wanted)
    if strange:
        raise ValueError(f'{", ".join(sorted(strange))} is not known, or is missing')
    return [value[name] for name in wanted]

def unhex(text):
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError('hex is written in small letters without spaces')
    return data

def numbers(value):
    """What stands in JSON as numbers, small or in decimal; words stay words."""
    if isinstance(value, dict):
        return {name: numbers(item) for name, item in value.items()}
    return int(value) if isinstance(value, str) and value.isdecimal() else value

# -------------------------------------------------------------------------------------------------------------- codecs

class Malformed(Exception):
    """Bytes that are no value's encoding."""

def need(condition, what):
    if not condition:
        raise Malformed(what)

class Source:
    """Bytes that are read from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        need(self.at + length <= len(self.data), 'more bytes are promised than there are')
        self.at += length
        return self.data[self.at - length:self.at]

class Codec:
    """How a kind of value stands in bytes: `read` takes one from a Source, `write` gives its bytes."""

    def __init__(self, read, write):
        self.read, self.write = read, write

def decode(codec, data):
    """A value from all of these bytes, which must be its one encoding."""
    source = Source(data)
    value = codec.read(source)
    need(source.at == len(data), 'bytes are left over')
    need(codec.write(value) == data, 'another encoding of the same value')
    return value

def unsigned(size):
    return Codec(lambda s: int.from_bytes(s.take(size), 'big'), lambda value: value.to_bytes(size, 'big'))

def fixed(size):
    return Codec(lambda s: s.take(size), bytes)

def checked(codec, holds_for, what):
    def read(source):
        value = codec.read(source)
        need(holds_for(value), what)
        return value
    return Codec(read, codec.write)

def struct(**fields):
    """Fields one after the other. One that begins with _ has one value only, and is no part of the dict."""
    fields = {name.rstrip('_'): codec for name, codec in fields.items()}

    def read(source):
        every = {name: codec.read(source) for name, codec in fields.items()}
        return {name: value for name, value in every.items() if name[0] != '_'}
    return Codec(read, lambda value: b''.join(codec.write(value.get(name)) for name, codec in fields.items()))

def magic(byte):
    read = checked(U8, lambda value: value == byte, f'a byte is {byte}').read
    return Codec(read, lambda _: bytes([byte]))

def listed(item, least=0, most=None, length=None):
    """The number of items (one byte, unless said otherwise), then the items."""
    length = length or U8

    def read(source):
        size = length.read(source)
        need(least <= size and (most is None or size <= most), 'a list is as long as allowed')
        return [item.read(source) for _ in range(size)]
    return Codec(read, lambda items: length.write(len(items)) + b''.join(map(item.write, items)))

def sized(most=None, length=None):
    """The number of bytes (four bytes, unless said otherwise), then the bytes."""
    length = length or U32

    def read(source):
        size = length.read(source)
        need(most is None or size <= most, 'bytes are as long as allowed')
        return source.take(size)
    return Codec(read, lambda data: length.write(len(data)) + data)

def text(most):
    """The number of bytes in two bytes, then UTF-8."""
    inner = sized(most, U16)

    def read(source):
        try:
            return inner.read(source).decode('utf-8')
        except UnicodeDecodeError:
            raise Malformed('text is UTF-8') from None
    return Codec(read, lambda value: inner.write(value.encode('utf-8')))

def optional(inner):
    """0, or 1 and a value."""
    return Codec(lambda s: inner.read(s) if Bool.read(s) else None,
                 lambda value: b'\0' if value is None else b'\1' + inner.write(value))

def word(numbers):
    """One byte for each of a few words."""
    words = {number: name for name, number in numbers.items()}
    read = checked(U8, lambda number: number in words, 'a number stands for a word').read
    return Codec(lambda s: words[read(s)], lambda name: bytes([numbers[name]]))

def tagged(**variants):
    """One byte says which of them follows: {'TAG': name, 'data': value}."""
    tag = word({name: number for name, (number, _) in variants.items()})

    def read(source):
        name = tag.read(source)
        return {'TAG': name, 'data': variants[name][1].read(source)}
    return Codec(read, lambda value: tag.write(value['TAG']) + variants[value['TAG']][1].write(value['data']))

MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617  # BN254's scalar field
U8, U16, U32, U40, U64 = map(unsigned, (1, 2, 4, 5, 8))
Time = U64                                                               # milliseconds since 1970
Bool = Codec(lambda s: checked(U8, lambda byte: byte < 2, 'a boolean is 0 or 1').read(s) == 1, lambda b: bytes([b]))
Field = checked(unsigned(32), lambda element: element < MODULUS, 'a field element is below the modulus')
Hash, Address, EpochKey, Key, Signature, SealKey, Proof = map(fixed, (32, 20, 20, 33, 64, 1216, 256))

def coded(codec, value, hex_):
    """A value and its encoding, which must be each other's."""
    decoded = decode(codec, unhex(hex_))
    same('value', value, decoded)
    same('hex', hex_, codec.write(decoded))
    return decoded

# --------------------------------------------------------------------------------------------------------------- lists

VERDICTS = {'value': 1, 'abstain': 2, 'spam': 3, 'abuse': 4}
PAYERS = {'sender': 1, 'recipient': 2}
FACTORS = {'size': 1, 'lifetime': 2, 'correspondence': 5, 'recipients': 6, 'reputation': 7}
# Why what pays is no mail.
SHORTCOMINGS = {name: at + 1 for at, name in enumerate([
    'malformed', 'too-large', 'sponsorship-short', 'recipient-unknown', 'lifetime-unknown', 'tier-short',
    'enrolled-already', 'price-short', 'pass-repeated', 'epoch-key-used', 'message-other', 'pass-unknown',
    'policy-out-of-range', 'message-unknown', 'not-recipient', 'ack-late', 'ack-repeated', 'grant-unknown',
    'expiry-too-far', 'give-back-over', 'give-back-repeated', 'keepers-unknown', 'message-settled', 'address-mismatch',
    'too-many-recipients', 'tier-unknown', 'checkpoint-unknown', 'nullifier-used', 'epoch-full', 'tree-full',
    'denomination-unknown', 'target-unknown', 'unproven', 'signature-high-s', 'recipient-self',
    'recipient-repeated'])}
DOMAINS = {name: at + 1 for at, name in enumerate([
    'commitment', 'first', 'leaf', 'key', 'scope', 'nullifier', 'row', 'stamp', 'note', 'stampNullifier'])}
TREES = {'identities': (0, 17), 'history': (1, 10), 'stamps': (2, 16)}    # number, depth
TAGS = {name: f'bmail/{path}/1' for name, path in {
    **{name: name for name in ('network address op message envelope recipients sealed share shares account changes '
                               'state header promise release consent rekey redeem').split()},
    'lockKey': 'lock-key', 'accountsNode': 'accounts-node'}.items()}

# How much there may be of something, and how large it is.
LIMITS = {'signedOpBytesMax': 4096, 'linesMax': 100, 'recipientsLimit': 100, 'sizeClassLimit': 8, 'unitBytes': 1024,
          'wrapBytes': 1168, 'shareBytes': 33, 'inlineEnvelopeBytesMax': 16 * 1024, 'envelopeBytesMax': 400 * 1024, 'idsMax': 1024,
          'slotCount': 4, 'proofBytes': 256}

def unknown(what, said, known, where):
    """A sentence for everything that the vectors have and a dictionary of this page lacks."""
    for name in said:
        if name not in known:
            wrong.append(f'{": ".join(place)}: `{name}` is not in {what} of read.py: {where}')

def read_lists(v, net):
    """Whatever has a number, as one line each: a new one must be made known here too."""
    def line(numbers):
        return ', '.join(f'{number} {name}' for name, number in sorted(numbers.items(), key=lambda item: item[1]))

    def firsts(rows):
        return {name: row[0] for name, row in rows.items()}
    known = {'operations': line(firsts(OPERATIONS)), 'tables': line(firsts(TABLES)), 'trees': line(firsts(TREES)),
             'shortcomings': line(SHORTCOMINGS), 'factors': line(FACTORS), 'verdicts': line(VERDICTS),
             'payers': line(PAYERS), 'domains': line(DOMAINS), 'tags': ', '.join(sorted(TAGS.values())), 'limits': line(LIMITS)}
    only(v, ' '.join(known))
    names = {kind: [entry.split(' ')[-1] for entry in v[kind].split(', ')] for kind in v}
    unknown('OPERATIONS', names['operations'], OPERATIONS, 'add its number and its codec there')
    unknown('SETTLES', names['operations'], SETTLES, 'add a function after @settles, which says what it does')
    unknown('TABLES', names['tables'], TABLES, 'add its number, the codec of a record, and how long its keys are')
    unknown('SHORTCOMINGS', names['shortcomings'], SHORTCOMINGS, 'add it at its place there')
    unknown('TAGS', names['tags'], TAGS.values(), 'add its name and its text there')
    for name in known:
        same(name, v[name], known[name])

# ------------------------------------------------------------------------------------------------------------- network

Keeper = struct(address=Address, weight=U16, lockKey=Hash, signingKey=Key)
Rules = struct(
    version=U32, name=text(64), coin=struct(name=text(12), decimals=U8), anchor=word({'embedded': 1, 'evm': 2}), hostKey=Key,
    operators=listed(struct(address=Address, weight=U16), 1, 32),
    keepers=struct(version=U32, threshold=U8, members=listed(Keeper, 1, 32)),
    batchIntervalMs=U32, batchOpsMax=U32, clockSkewMs=U32, epochMs=U64, expiryMaxMs=U32, ackWindowEpochs=U8,
    mailShards=U8, sizeClassMax=U8, recipientsMax=U8,
    price=struct(start=U64, floor=U64, ceiling=U64, target=U64, intervalMs=U32, step=U64),
    lifetimes=listed(struct(days=U16, factor=U64), 1, 16), recipientFactor=U64,
    correspondence=struct(first=U64, exchange=U64, patience=U8, decay=U64),
    resources=struct(letter=U64, recipient=U64, unit=U64),
    reputation=struct(
        factors=listed(U64, 6, 6), strangers=listed(U64, 6, 6), badName=U64, ackWeights=listed(U64, 6, 6), kappa=U64, lambda_=U64, abuse=U64, countedMax=U64,
        scores=listed(U64, 4, 4), negatives=listed(U64, 4, 4), decay=U64, valueBudget=U64, flagBudget=U64,
        flagMax=U64, keysPerEpoch=U8, passGraceMs=U32),
    identity=struct(
        setUp=Hash, enrolFee=U64, passFee=U64, passStep=U32, verdictDelayMs=U32, checkpoints=U8,
        endorsements=listed(U64, 0, 16), endorsementReserve=U64, stamps=listed(U64, 0, 16)),
    burnShare=U64, operatorsShare=U64, inclusionFee=U64, reserve=U64, policyTierMax=U8, policyFeeMax=U64)
Genesis = struct(time=Time, salt=Hash, grants=listed(struct(address=Address, amount=U64), length=U32))

def sha256(*parts):
    return sha256_of(b''.join(parts)).digest()

def tagged_hash(tag, *parts):
    """32 bytes: SHA-256 of H(tag) ‖ H(tag) ‖ parts, as BIP 340 has it."""
    head = sha256(TAGS[tag].encode())
    return sha256(head, head, *parts)

def network_of(v):
    """The network that all vectors are of."""
    rules, genesis = unhex(v['rules']['hex']), unhex(v['genesis']['hex'])
    return SimpleNamespace(rules=decode(Rules, rules), genesis=decode(Genesis, genesis),
                           id=tagged_hash('network', rules, genesis), good_proof=unhex(v['goodProof']))

def under(net, rules):
    """The network as it were under other rules; ids and signatures are of the one that it is."""
    known = decode(Rules, unhex(rules))
    same('rules', rules, Rules.write(known))
    return SimpleNamespace(**{**vars(net), 'rules': known})

def read_network(v, net):
    rules, genesis, network, good_proof = only(v, 'rules genesis network goodProof')
    for name, codec, pair in (('rules', Rules, rules), ('genesis', Genesis, genesis)):
        with inside(name):
            coded(codec, *only(pair, 'value hex'))
    same('network', network, net.id)
    holds('a proof has 256 bytes', len(unhex(good_proof)) == 256)

# -------------------------------------------------------------------------------------------------------------- hashes

LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

def address_of(first_key):
    """20 bytes of the hash of the first signing key."""
    return tagged_hash('address', first_key)[:20]

def bech32m_sum(words):
    """BIP 350: the checksum's state after `bm` and these words of five bits."""
    state = 1
    for value in [ord(letter) >> 5 for letter in 'bm'] + [0] + [ord(letter) & 31 for letter in 'bm'] + words:
        top, state = state >> 25, (state & 0x1ffffff) << 5 ^ value
        for bit, generator in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            state ^= generator if top >> bit & 1 else 0
    return state

def address_text(address):
    """bm1…, 41 characters: 32 words of five bits, and 6 of checksum."""
    words = [int.from_bytes(address, 'big') >> 5 * place & 31 for place in range(31, -1, -1)]
    check = bech32m_sum(words + [0] * 6) ^ 0x2bc830a3
    return 'bm1' + ''.join(LETTERS[word] for word in words + [check >> 5 * place & 31 for place in range(5, -1, -1)])

def address_from(text):
    """The 20 bytes of bm1…, all in lower or all in upper case; None where it is anything else."""
    lower = text.lower()
    if text not in (lower, text.upper()) or len(lower) != 41 or not lower.startswith('bm1'):
        return None
    words = [LETTERS.find(letter) for letter in lower[3:]]
    if -1 in words or bech32m_sum(words) != 0x2bc830a3:
        return None
    return sum(word << 5 * (31 - place) for place, word in enumerate(words[:32])).to_bytes(20, 'big')

def read_hashes(v, net):
    tags, addresses = only(v, 'tags addresses')
    for entry in each('tags', tags):
        name, text, parts, digest = only(entry, 'name text parts hash')
        same('text', text, TAGS[name])
        same('hash', digest, tagged_hash(name, *map(unhex, parts)))
    holds('every tag is there', sorted(tag['name'] for tag in tags) == sorted(TAGS))
    for entry in each('addresses', addresses):
        key, address, text = only(entry, 'signingKey address text')
        same('address', address, address_of(unhex(key)))
        same('text', text, address_text(unhex(address)))
        holds('the text is read back', address_from(text) == address_from(text.upper()) == unhex(address))

# ---------------------------------------------------------------------------------------------------------- operations

Verdict, Payer = word(VERDICTS), word(PAYERS)

# The money part: what custody reads of an operation, and behind it, as bytes, what it says as mail.
PayLine = struct(address=Address, amount=U64, from_=word({'funds': 0, 'allowance': 1}))
NAMED = {'burn': U64, 'payee': Address, 'share': U64, 'lines': listed(PayLine, 0, LIMITS['linesMax'])}
Part = struct(_version=magic(WIRE), account=Address, nonce=U64, expiry=Time, kind=U8, **NAMED, deed=sized(length=U8),
              mail=sized(length=U16))
AmountsPart = struct(**NAMED)
SignedPart = struct(part=Part, signature=Signature)
# A key that a deed brings, and its signature, which says that it agrees.
Brought = struct(key=Key, signature=Signature)
# What stands in the deed of those operations that have one, by their numbers.
DEEDS = {
    1: struct(key=Key, consent=optional(Signature)),
    2: optional(Brought),
    7: struct(sender=Address, amount=U64),
    8: struct(sender=Address),
    12: struct(denomination=U64, note=Field),
    13: struct(denomination=U64, nullifier=Field, registration=optional(Brought)),
    15: struct(to=Address, amount=U64),
}
Nothing = struct()
NOBODY = bytes(20)
Checkpointed = {'epoch': U32, 'checkpoint': U8}
# Number, and what is said as mail.
OPERATIONS = {
    'register': (1, struct(sealKey=SealKey)),
    'rekey': (2, struct(sealKey=optional(SealKey))),
    'policy': (3, struct(leastTier=U8, leastFee=U64)),
    'transfer': (4, Nothing),
    'send': (5, struct(envelopeHash=Hash, sizeClass=U8, lifetimeDays=U16, keeperSet=U32,
                       epochKey=optional(EpochKey), automatic=Bool)),
    'ack': (6, struct(message=Hash, sender=Address, senderKey=optional(EpochKey), verdict=Verdict,
                      epochKey=optional(EpochKey))),
    'grant': (7, struct(payer=Payer)),
    'revoke': (8, Nothing),
    'pass': (9, struct(**Checkpointed, epochKey=EpochKey, tier=U8, proof=Proof)),
    'enroll': (10, struct(commitment=Field)),
    'renew': (11, struct(**Checkpointed, nullifier=Field, leaf=Field,
                         endorsement=optional(struct(target=EpochKey, amount=U64)), proof=Proof)),
    'stampBuy': (12, Nothing),
    'stampRedeem': (13, struct(**Checkpointed, sealKey=optional(SealKey), proof=Proof)),
    'giveBack': (14, struct(message=Hash)),
    'withdraw': (15, Nothing),
}
NAMES = {number: name for name, (number, _) in OPERATIONS.items()}
OP_BYTES_MAX = LIMITS['signedOpBytesMax']

def money_of(part):
    """What custody reads of a part: whose it is, what it names, and its deed."""
    is_nobodys = part['account'] == NOBODY
    need(not is_nobodys or part['nonce'] == part['expiry'] == 0, 'what is nobody’s has no nonce and no expiry')
    need(part['payee'] != NOBODY or part['share'] == 0, 'somebody gets the share')
    author = {name: part[name] for name in ('account', 'nonce', 'expiry')}
    return {'author': None if is_nobodys else author, **amounts_of(part), 'deed': deed_of(part)}

def amounts_of(part):
    share = {'payee': part['payee'], 'amount': part['share']}
    return {'burn': part['burn'], 'share': None if part['payee'] == NOBODY else share, 'lines': part['lines']}

def deed_of(part):
    kind, data = part['kind'], part['deed']
    said = decode(DEEDS.get(kind, Nothing), data)
    if kind == 1:
        return {'kind': 'register', 'key': said['key']}
    if kind == 2 and said:
        return {'kind': 'rekey', 'key': said['key']}
    if kind == 13:
        brought = said.pop('registration')
        return {'kind': 'stamp-redeem', **said, 'key': brought and brought['key']}
    names = {7: 'allow', 8: 'reclaim', 12: 'stamp-buy', 15: 'withdraw'}
    return {'kind': names[kind], **said} if kind in names else {'kind': 'none'}

def op_of(part):
    """The operation that stands in a part: its amounts, and what it says, put together of lines, deed and mail."""
    need(part['kind'] in NAMES, 'there is such an operation')
    name = NAMES[part['kind']]
    said, mail = decode(DEEDS.get(part['kind'], Nothing), part['deed']), decode(OPERATIONS[name][1], part['mail'])
    head = {field: part[field] for field in ('account', 'nonce', 'expiry')}
    return {**head, **amounts_of(part), 'action': {'TAG': name, 'data': data_of(name, part['lines'], said, mail)}}

def data_of(name, lines, said, mail):
    """What an operation says. Lines that it does not have, or other than it has them, make it none."""
    to = lines[0]['address'] if lines else None
    paid = lines[0]['amount'] if lines else 0
    if name == 'send':
        need(lines, 'a send has recipients')
        return {**mail, 'recipients': [line['address'] for line in lines]}
    need(len(lines) < 2 and all(line['from'] == 'funds' for line in lines), 'at most one is paid, out of funds')
    if name == 'register':
        sponsor = said['consent'] is not None
        need(to == (address_of(said['key']) if sponsor else None), 'a sponsor pays whom they register')
        given = {'amount': paid, 'consent': said['consent']} if sponsor else None
        return {'signingKey': said['key'], **mail, 'sponsorship': given}
    if name == 'ack':
        need(to is None or to == mail['sender'] and paid > 0, 'what is given back goes to the sender')
        return {**mail, 'giveBack': paid}
    if name == 'stampRedeem':
        brought, seal_key = said.pop('registration'), mail.pop('sealKey')
        need(to is not None and (brought is None) == (seal_key is None), 'one is paid, and has both keys or none')
        keys = brought and {'signingKey': brought['key'], 'sealKey': seal_key, 'consent': brought['signature']}
        return {**mail, **said, 'to': to, 'registration': keys}
    need((to is not None) == (name in ('transfer', 'giveBack')), 'a line stands where one belongs')
    if name == 'transfer':
        return {'to': to, 'amount': paid}
    if name == 'giveBack':
        return {**mail, 'sender': to, 'amount': paid}
    if name == 'rekey':
        return {'signing': said, **mail}
    if name == 'grant':
        return {'sender': said['sender'], **mail, 'allowance': said['amount']}
    return {**said, **mail}

class Refused(Exception):
    """Why something is not done."""

def refuse(condition, reason):
    if condition:
        raise Refused(reason)

def is_nobodys(op):
    """Whether a proof speaks for an op, and no account."""
    return op['action']['TAG'] in ('renew', 'stampRedeem')

def op_id(network, data):
    """32 bytes: what is signed, of the bytes of a signed op, which end with the signature."""
    return tagged_hash('op', network, data[:-64])

def lane_of(op):
    """What an op stands in a row with: its account, or its nullifier, which is alone."""
    return Field.write(op['action']['data']['nullifier']) if is_nobodys(op) else op['account']

def counted(items):
    """The number of items in one byte, and the items."""
    return bytes([len(items)]) + b''.join(items)

def message_id(network, sender, recipients, envelope_hash):
    return tagged_hash('message', network, sender, counted(recipients), envelope_hash)

def redeem_hash(network, op):
    """32 bytes: what the proof of a stamp is bound to: all that is paid, and the keys that are registered."""
    registration, share = op['action']['data']['registration'], op['share'] or {'payee': NOBODY, 'amount': 0}
    keys = (registration['signingKey'], registration['sealKey']) if registration else ()
    amounts = {'burn': op['burn'], 'payee': share['payee'], 'share': share['amount'], 'lines': op['lines']}
    return tagged_hash('redeem', network, AmountsPart.write(amounts), *keys)

def agreements(network, op):
    """What others sign inside an op: digest, key and signature of each."""
    name, data = op['action']['TAG'], op['action']['data']
    if name == 'rekey' and data['signing']:
        digest = tagged_hash('rekey', network, op['account'], U64.write(op['nonce']))
        return [(digest, data['signing']['key'], data['signing']['signature'])]
    given = data.get('sponsorship') and {**data, **data['sponsorship']} or data.get('registration')
    if not given:
        return []
    digest = tagged_hash('consent', network, given['signingKey'], given['sealKey'])
    return [(digest, given['signingKey'], given['consent'])]

def read_op(network, rules, data):
    """The one way from foreign bytes to an op, as protocol/doorway.ts has it: what bytes and rules can say."""
    entry = read_entry(network, rules, data)
    refuse(entry.reason, entry.reason)
    return entry

def read_money(data):
    """What custody reads of an entry: its part, what that says of money, and the signature, each in its one form."""
    refuse(len(data) > OP_BYTES_MAX, 'too-large')
    signed = decode(SignedPart, data)
    part, signature = signed['part'], signed['signature']
    money = money_of(part)
    refuse(not money['author'] and any(signature), 'malformed')
    refuse(not is_low_s(signature), 'signature-high-s')
    return part, money, signature

def read_entry(network, rules, data):
    """What stands in a batch: an op; or no op, and why, perhaps with a money part all the same."""
    entry = SimpleNamespace(id=op_id(network, data), bytes=data, op=None, signature=None, money=None, reason=None)
    try:
        part, entry.money, entry.signature = read_money(data)
        op = op_of(part)
        check_form(network, rules, op)
        entry.op = op
    except Malformed:
        entry.reason = 'malformed'
    except Refused as no:
        entry.reason = str(no)
    return entry

def check_form(network, rules, op):
    """What the rules say of an op by itself."""
    me, name, said = op['account'], op['action']['TAG'], op['action']['data']
    refuse(is_nobodys(op) != (me == NOBODY), 'malformed')
    if name == 'register':
        refuse((address_of(said['signingKey']) == me) == (said['sponsorship'] is not None), 'address-mismatch')
    if name == 'rekey':
        refuse(not said['signing'] and not said['sealKey'], 'malformed')
    if name == 'send':
        refuse(said['sizeClass'] > rules['sizeClassMax'], 'too-large')
        refuse(len(said['recipients']) > rules['recipientsMax'], 'too-many-recipients')
        refuse(me in said['recipients'], 'recipient-self')
        refuse(len(set(said['recipients'])) < len(said['recipients']), 'recipient-repeated')
    if name in ('transfer', 'grant', 'revoke'):
        refuse(said.get('to', said.get('sender')) == me, 'recipient-self')
    if name == 'giveBack':
        refuse(said['amount'] == 0, 'malformed')
        refuse(said['sender'] == me, 'recipient-self')
    if name == 'stampRedeem' and said['registration']:
        refuse(address_of(said['registration']['signingKey']) != said['to'], 'address-mismatch')
    refuse(not all(is_low_s(signature) for _, _, signature in agreements(network, op)), 'signature-high-s')

# P-256 (FIPS 186, SEC 1): y² = x³ − 3x + b over the prime P, a group of order N that G generates.
P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5, 1)
ZERO_POINT = (1, 1, 0)

def doubled(point):
    """Points are (X, Y, Z) for x = X ÷ Z², y = Y ÷ Z³, so that nothing is divided on the way."""
    x, y, z = point
    squared, slope = y * y % P, 3 * (x - z * z) * (x + z * z) % P
    part = 4 * x * squared % P
    x3 = (slope * slope - 2 * part) % P
    return x3, (slope * (part - x3) - 8 * squared * squared) % P, 2 * y * z % P

def added(one, other):
    if one[2] == 0 or other[2] == 0:
        return other if one[2] == 0 else one
    (x1, y1, z1), (x2, y2, z2) = one, other
    u1, u2 = x1 * z2 * z2 % P, x2 * z1 * z1 % P
    s1, s2 = y1 * z2 ** 3 % P, y2 * z1 ** 3 % P
    if u1 == u2:
        return doubled(one) if s1 == s2 else ZERO_POINT
    h, r = u2 - u1, s2 - s1
    h2 = h * h % P
    h3, part = h2 * h % P, u1 * h2 % P
    x3 = (r * r - h3 - 2 * part) % P
    return x3, (r * (part - x3) - s1 * h3) % P, z1 * z2 * h % P

def point_of(key):
    """The point of a compressed key of 33 bytes; None where it is none."""
    x = int.from_bytes(key[1:], 'big')
    square = (x ** 3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if key[0] not in (2, 3) or x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == key[0] % 2 else P - y, 1

@cache
def verify(digest, key, signature):
    """ECDSA over the SHA-256 of a 32-byte digest; r ‖ s. High s passes here."""
    r, s = int.from_bytes(signature[:32], 'big'), int.from_bytes(signature[32:], 'big')
    point = point_of(key)
    if point is None or not 0 < r < N or not 0 < s < N:
        return False
    inverse = pow(s, -1, N)
    u, v = int.from_bytes(sha256(digest), 'big') * inverse % N, r * inverse % N
    sums = {(1, 0): G, (0, 1): point, (1, 1): added(G, point)}
    total = ZERO_POINT
    for bit in range(255, -1, -1):
        total = doubled(total)
        pair = (u >> bit & 1, v >> bit & 1)
        if pair != (0, 0):
            total = added(total, sums[pair])
    return total[2] != 0 and total[0] * pow(total[2], -2, P) % P % N == r

def is_low_s(signature):
    """Each signature has a twin with the other s, which is not taken."""
    return int.from_bytes(signature[32:], 'big') <= N // 2

def read_operations(v, net):
    operations, = only(v, 'operations')
    widest = {**net.rules, 'recipientsMax': 100}
    for entry in each('operations', operations):
        name, action, number, value, unsigned_hex, hex_, id_, lane, message, signed, *redeem = only(
            entry, 'name action number value unsigned hex id lane message signed'
            + (' redeemHash' if entry['action'] == 'stampRedeem' else ''))
        read = read_op(net.id, widest, unhex(hex_))
        op, data = read.op, read.op['action']['data']
        part = decode(SignedPart, unhex(hex_))['part']
        same('action', action, op['action']['TAG'])
        same('number', number, OPERATIONS[action][0])
        same('value', value, {**op, 'signature': read.signature})
        same('unsigned', unsigned_hex, Part.write(part))
        same('hex', hex_, SignedPart.write({'part': part, 'signature': read.signature}))
        same('id', id_, op_id(net.id, unhex(hex_)))
        same('lane', lane, lane_of(op))
        same('message', message, message_id(net.id, op['account'], data['recipients'], data['envelopeHash'])
             if action == 'send' else None)
        if redeem:
            same('redeemHash', redeem[0], redeem_hash(net.id, op))
        wanted = [dict(zip(('digest', 'key', 'signature'), agreed)) for agreed in agreements(net.id, op)]
        if not is_nobodys(op):
            own = unhex(signed[0]['key'])
            holds('the key is the first of the account', address_of(own) == op['account'])
            wanted.insert(0, {'digest': read.id, 'key': own, 'signature': read.signature})
        same('signed', signed, wanted)
        for one in wanted:
            holds('a signature', verify(**one) and is_low_s(one['signature']))
    holds('every operation is there', {entry['action'] for entry in operations} == set(OPERATIONS))

# ------------------------------------------------------------------------------------------------------------- records

Terms = {'leastTier': U8, 'leastFee': U64}
Side = struct(messages=U32, automatic=U32, exchanged=U32, valued=U64, asStranger=U32, acquainted=Bool, weighed=Bool,
              closedFrom=optional(Time))
# Number, codec of the record, and how many bytes its key has.
TABLES = {
    'meta': (0, struct(
        height=U64, time=Time, epoch=U32, epochEnd=Time, epochStart=Time, basePrice=U64, demand=U64, since=Time,
        lows=listed(struct(from_=Time, basePrice=U64, passes=U32)), passes=U32, committedAt=Time, checkpoint=U8), 0),
    'accounts': (1, struct(slot=U32, signingKey=optional(Key), nonce=U64, funds=U64), 20),
    'sealKeys': (2, struct(sealKey=SealKey), 20),
    'messages': (3, struct(
        sender=Address, epochKey=optional(EpochKey), height=U64, epoch=U32, basePrice=U64, sizeClass=U8,
        automatic=Bool, keptUntil=Time, recipients=listed(struct(
            address=Address, fee=U64, burned=U64, asStranger=U64, credit=U64, stranger=Bool,
            verdict=optional(Verdict), given=U64))), 32),
    'grants': (4, struct(payer=Payer, endsAt=optional(Time)), 40),                      # granter ‖ sender
    'pairs': (6, struct(low=Side, high=Side, asOf=U32), 40),                            # the lower address ‖ the higher
    'passes': (8, struct(pseudonym=Address, epoch=U32, tier=U8, positive=U64, negative=U64, valueSpent=U64,
                         flagSpent=U64, falls=listed(struct(tier=U8, from_=Time)), badFrom=optional(Time)), 20),
    'passOf': (9, struct(epoch=U32, epochKey=EpochKey), 20),
    'flags': (10, struct(weight=U64), 40),                                              # accuser ‖ accused
    'epochKeys': (11, struct(tier=U8, checkpoint=U8), 24),                              # epoch ‖ epoch key
    'trees': (12, struct(count=U40, levels=listed(listed(Field))), 1),                  # the tree's number
    'nodes': (13, struct(node=Field), 7),                                               # number ‖ level ‖ index
    'checkpoints': (14, struct(time=Time, identities=U40, identitiesRoot=Field, historyRoot=Field, stamps=U40,
                               stampsRoot=Field), 5),                                   # epoch ‖ which one of it
    'enrolments': (15, struct(leaf=U40), 32),
    'nullifiers': (16, struct(epoch=U32, height=U64, leaf=U40, endorsed=U64), 32),
    'notes': (17, struct(denomination=U64), 32),
    'policies': (18, struct(**Terms, next=optional(struct(**Terms, from_=Time))), 20),
    'allowances': (19, struct(amount=U64), 40),                                         # granter ‖ sender
    'supply': (20, struct(minted=U64, burned=U64, slots=U32), 0),
    'pools': (21, struct(amount=U64), 8),                                               # the denomination
    'stampLeaves': (22, struct(leaf=U40), 32),
    'spent': (23, struct(denomination=U64), 32),
    'readers': (24, struct(received=U32, answered=U32, valued=U32, flagged=U32, givenBack=U32), 20),
    'withdrawals': (25, struct(amount=U64), 20),                                         # an address of the chain
}

def record_of(table, number, key, hex_):
    """A record from its bytes, under a key that its table can have."""
    same('number', number, TABLES[table][0])
    holds('the key is as long as the table has them', len(unhex(key)) == TABLES[table][2])
    return None if hex_ is None else decode(TABLES[table][1], unhex(hex_))

def encoded(table, record):
    return None if record is None else TABLES[table][1].write(record)

def read_records(v, net):
    records, = only(v, 'records')
    for entry in each('records', records):
        name, table, number, key, value, hex_ = only(entry, 'name table number key value hex')
        record = record_of(table, number, key, hex_)
        same('value', value, record)
        same('hex', hex_, encoded(table, record))
    holds('every table is there', {entry['table'] for entry in records} == set(TABLES))

# -------------------------------------------------------------------------------------------------------------- merkle

def leaf_hash(data):
    return sha256(b'\0', data)

def node_hash(left, right):
    return sha256(b'\1', left, right)

def split_at(size):
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1

def merkle_root(leaves):
    """RFC 9162 §2.1.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    k = split_at(len(leaves))
    return node_hash(merkle_root(leaves[:k]), merkle_root(leaves[k:]))

def merkle_path(leaves, index):
    """RFC 9162 §2.1.3.1: the path from a leaf to the root, leaf side first."""
    if len(leaves) < 2:
        return []
    k = split_at(len(leaves))
    if index < k:
        return merkle_path(leaves[:k], index) + [merkle_root(leaves[k:])]
    return merkle_path(leaves[k:], index - k) + [merkle_root(leaves[:k])]

def merkle_leads(leaf, index, size, path, root):
    """RFC 9162 §2.1.3.2: whether a path leads from a leaf hash to a root."""
    at, last, node = index, size - 1, leaf
    if index >= size:
        return False
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root

def read_merkle(v, net):
    trees, = only(v, 'trees')
    for entry in each('trees', trees):
        leaves, root, paths = only(entry, 'leaves root paths')
        hashes = [leaf_hash(unhex(leaf)) for leaf in leaves]
        same('root', root, merkle_root(hashes))
        same('paths', paths, [merkle_path(hashes, index) for index in range(len(hashes))])
        for index, path in enumerate(paths):
            holds('a path', merkle_leads(hashes[index], index, len(hashes), [*map(unhex, path)], unhex(root)))

# ------------------------------------------------------------------------------------------------------------ accounts

ACCOUNTS_DEPTH = 16
ZERO = bytes(32)

def levels_of(leaves, depth, parent, empty):
    """A 4-ary tree whose leaves stand at the left: its levels, leaves first, of what is not empty."""
    levels = [list(leaves)]
    for _ in range(depth):
        below = levels[-1] + [empty] * (-len(levels[-1]) % 4)
        levels.append([parent(below[first:first + 4]) for first in range(0, len(below), 4)])
    return levels

def siblings_of(levels, index, empty):
    """The three siblings at each level but the last, leaf side first, each three in the order of their places."""
    def sibling(level, place):
        return level[place] if place < len(level) else empty
    places = [(level, index >> 2 * height) for height, level in enumerate(levels[:-1])]
    return [[sibling(level, place - place % 4 + child) for child in range(4) if child != place % 4]
            for level, place in places]

def climb(node, index, siblings, parent):
    """The root that a leaf at an index and its siblings lead to."""
    for height, three in enumerate(siblings):
        place = (index >> 2 * height) % 4
        node = parent([*three[:place], node, *three[place:]])
    return node

def accounts_node(children):
    """32 bytes; an empty subtree is zeros, and nothing hashes to it."""
    return tagged_hash('accountsNode', *children) if any(map(any, children)) else ZERO

def account_leaf(slot, address, record):
    return tagged_hash('account', U32.write(slot), address, record)

def accounts_levels(leaves):
    return levels_of(leaves, ACCOUNTS_DEPTH, accounts_node, ZERO)

def accounts_root(leaves):
    return (accounts_levels(leaves)[-1] or [ZERO])[0]

def read_accounts(v, net):
    leaves, roots, proofs = only(v, 'leaves roots proofs')
    nodes = []
    for entry in each('leaves', leaves):
        slot, address, record, leaf = only(entry, 'slot address record leaf')
        same('slot', slot, decode(TABLES['accounts'][1], unhex(record))['slot'])
        nodes.append(account_leaf(slot, unhex(address), unhex(record)))
        same('leaf', leaf, nodes[-1])
    for entry in each('roots', roots):
        size, root = only(entry, 'count root')
        same('root', root, accounts_root(nodes[:size]))
    for entry in each('proofs', proofs):
        slot, siblings = only(entry, 'slot siblings')
        threes = siblings_of(accounts_levels(nodes), slot, ZERO)
        same('siblings', siblings, sum(threes, []))
        holds('it leads to the root', climb(nodes[slot], slot, threes, accounts_node) == accounts_root(nodes))

# ----------------------------------------------------------------------------------------------------------- envelopes

UNIT_BYTES, WRAP_BYTES, SEALED_SHARE_BYTES = LIMITS['unitBytes'], LIMITS['wrapBytes'], 32 + 32 + 49
Envelope = struct(
    _version=magic(WIRE), _suite=magic(1), sizeClass=U8, keeperSet=U32, threshold=U8, lockKeyHash=Hash,
    shares=listed(struct(hash=Hash, enc=Hash, ciphertext=fixed(49)), 1, 32),
    lockedWraps=sized(101 * WRAP_BYTES + 16), body=sized((UNIT_BYTES << 8) + 52))

def wraps_bytes(recipients):
    """A wrap for each recipient and one for the sender, and a tag."""
    return (recipients + 1) * WRAP_BYTES + 16

def body_bytes(size_class):
    """The units, and what the body holds besides: 32 bytes that commit to the key, a length, a tag."""
    return (UNIT_BYTES << size_class) + 32 + 4 + 16

def envelope_bytes(size_class, recipients, keepers):
    header = 1 + 1 + 1 + 4 + 1 + 32
    return header + 1 + keepers * SEALED_SHARE_BYTES + 4 + wraps_bytes(recipients) + 4 + body_bytes(size_class)

def kept_until(at, days):
    return at + days * 86_400_000

def check_envelope(envelope, recipients, size_class_max, keeper_set, threshold, keepers):
    """Whether an envelope has the one form that its op and the rules ask for."""
    refuse(envelope['sizeClass'] > min(size_class_max, 8), 'too-large')
    refuse(envelope['keeperSet'] != keeper_set, 'keepers-unknown')
    lengths = (envelope['threshold'], *(len(envelope[part]) for part in ('shares', 'lockedWraps', 'body')))
    wanted = (threshold, keepers, wraps_bytes(recipients), body_bytes(envelope['sizeClass']))
    refuse(lengths != wanted, 'envelope-malformed')

def times(a, b):
    """The product in GF(256), by the polynomial of AES."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1 ^ (0x11b if a & 0x80 else 0), b >> 1
    return product

def power(a, exponent):
    result = 1
    for _ in range(exponent):
        result = times(result, a)
    return result

def shamir_split(secret, threshold, size, randomness):
    """Shares of one byte x, from 1, and the values at x of a polynomial for each byte of the secret."""
    rows = [secret, *(randomness[at:at + len(secret)] for at in range(0, len(randomness), len(secret)))]
    need(len(rows) == threshold and len(rows[-1]) == len(secret), 'each byte has threshold − 1 coefficients')

    def value(x, place):
        total = 0
        for exponent, row in enumerate(rows):
            total ^= times(row[place], power(x, exponent))
        return total
    return [bytes([x, *(value(x, place) for place in range(len(secret)))]) for x in range(1, size + 1)]

def shamir_combine(shares):
    """The secret: Lagrange's interpolation at 0. The inverse of a is a to the power of 254."""
    secret = bytes(len(shares[0]) - 1)
    for share in shares:
        weight = 1
        for other in shares:
            if other is not share:
                weight = times(weight, times(other[0], power(other[0] ^ share[0], 254)))
        secret = bytes(a ^ times(weight, b) for a, b in zip(secret, share[1:]))
    return secret

def lock_state(network, envelope, shares):
    """What published shares amount to: `open`, `closed` where right ones are missing, or `broken`."""
    right, bad = {}, set()
    for index, share in shares:
        known = [part['hash'] for part in envelope['shares']][index:index + 1]
        if len(share) == 33 and share[0] == index + 1 and known == [tagged_hash('share', network, share)]:
            right[index] = share
        else:
            bad.add(index)
    threshold = envelope['threshold']
    report = {'valid': len(right), 'threshold': threshold, 'wrong': sorted(bad)}
    if threshold < 1 or len(right) < threshold:
        return {'state': 'closed', **report}
    key = shamir_combine([right[index] for index in sorted(right)[:threshold]])
    is_key = tagged_hash('lockKey', network, key) == envelope['lockKeyHash']
    return {'state': 'open', 'lockKey': key} if is_key else {'state': 'broken', **report}

def read_envelopes(v, net):
    envelope, lock = only(v, 'envelope lock')
    with inside('envelope'):
        (parties, value, hex_, whole_hash, message, recipients_hash, sealed_hash, shares_hash, seal_context, keepers,
         sizes, classes, kept) = only(envelope, 'parties value hex envelopeHash messageId recipientsHash sealedHash '
                                      'sharesHash sealContext keepers sizes sizeClasses keptUntil')
        read = coded(Envelope, value, hex_)
        network, sender, recipients = only(parties, 'network sender recipients')
        same('network', network, net.id)
        sender, recipients = unhex(sender), [*map(unhex, recipients)]
        whole = tagged_hash('envelope', net.id, unhex(hex_))
        to = tagged_hash('recipients', net.id, counted(recipients))
        sealed = tagged_hash('sealed', net.id, sized().write(read['lockedWraps']), sized().write(read['body']))
        shares = tagged_hash('shares', net.id, counted([share['hash'] for share in read['shares']]))
        same('envelopeHash', whole_hash, whole)
        same('messageId', message, message_id(net.id, sender, recipients, whole))
        same('recipientsHash', recipients_hash, to)
        same('sealedHash', sealed_hash, sealed)
        same('sharesHash', shares_hash, shares)
        same('sealContext', seal_context, net.id + sender + to + U8.write(read['sizeClass'])
             + U32.write(read['keeperSet']) + U8.write(read['threshold']))
        same('keepers', keepers, [{
            'lockKey': keeper['lockKey'],
            'shareContext': net.id + U8.write(index) + keeper['lockKey'] + sender + to + sealed + shares,
        } for index, keeper in enumerate(net.rules['keepers']['members'])])
        for entry in each('sizes', sizes):
            *form, size = only(entry, 'sizeClass recipients keepers bytes')
            same('bytes', size, envelope_bytes(*form))
        for entry in each('sizeClasses', classes):
            length, size_class = only(entry, 'length sizeClass')
            same('sizeClass', size_class, next(size for size in range(99) if UNIT_BYTES << size >= length))
        for entry in each('keptUntil', kept):
            time, days, until = only(entry, 'time lifetimeDays until')
            same('until', until, kept_until(int(time), days))
    with inside('lock'):
        key, key_hash, opens, splits, share_hashes, combined, locks = only(
            lock, 'lockKey lockKeyHash opens split shareHashes combined locks')
        same('lockKeyHash', key_hash, tagged_hash('lockKey', net.id, unhex(key)))
        same('opens', opens, unhex(key_hash) == read['lockKeyHash'])
        for entry in each('split', splits):
            threshold, size, secret, randomness, parts = only(entry, 'threshold count secret randomness shares')
            same('shares', parts, shamir_split(unhex(secret), threshold, size, unhex(randomness)))
            holds('the last shares give it back', shamir_combine([*map(unhex, parts[-threshold:])]) == unhex(secret))
        same('combined', combined, shamir_combine([*map(unhex, splits[0]['shares'][1:])]))
        same('shareHashes', share_hashes, [tagged_hash('share', net.id, unhex(part)) for part in splits[0]['shares']])
        holds('the envelope has them', share_hashes == [share['hash'].hex() for share in read['shares']])
        for entry in each('locks', locks):
            name, published, state = only(entry, 'name shares lock')
            published = [only(share, 'index share') for share in published]
            same('lock', state, lock_state(net.id, read, [(index, unhex(share)) for index, share in published]))

# -------------------------------------------------------------------------------------------------------------- gossip

Header = struct(_version=magic(WIRE), network=Hash, height=U64, time=Time, epoch=U32, previous=Hash, opCount=U32,
                opsRoot=Hash, outcomeRoot=Hash, stateRoot=Hash)
SealedHeader = struct(header=Header, signature=Signature)
ReleasedShare = struct(message=Hash, share=fixed(LIMITS['shareBytes']))
KeeperShares = {'keeperSet': U32, 'keeper': U8, 'shares': listed(ReleasedShare, length=U16)}
ENVELOPE_BYTES_MAX = LIMITS['envelopeBytesMax']
# A mail that is given: an op, and an envelope that travels along, each with its length.
MAIL_BYTES_MAX = 4 + OP_BYTES_MAX + 1 + 4 + LIMITS['inlineEnvelopeBytesMax']
MESSAGES = {
    'SealedHeader': SealedHeader,
    'Hello': struct(network=Hash, head=SealedHeader, time=U64),
    'Mail': struct(op=sized(OP_BYTES_MAX), envelope=optional(sized(ENVELOPE_BYTES_MAX))),
    'CompactBatch': struct(sealed=SealedHeader, ops=listed(Hash, length=U16)),
    'Batch': struct(sealed=SealedHeader, ops=listed(sized(OP_BYTES_MAX), length=U16)),
    'Release': tagged(
        shares=(1, struct(**KeeperShares, signature=Signature)),
        lockKeys=(2, struct(keys=listed(struct(message=Hash, lockKey=Hash), 1, 255)))),
    'LogRequest': struct(from_=U64, count=U16),
    'IdsRequest': struct(ids=listed(Hash, 0, LIMITS['idsMax'], U16)),
    'ShardRequest': struct(shard=U8, from_=U64),
    'Stored': struct(message=Hash, envelope=sized(ENVELOPE_BYTES_MAX)),
    'ReleasesRequest': struct(from_=U64),
    'ReleasedKey': struct(height=U64, message=Hash, lockKey=Hash),
    'Given': struct(mails=listed(sized(MAIL_BYTES_MAX))),
    'Taken': listed(Bool),
    'SetUpRequest': struct(file=U8, from_=U32),
    'InclusionPromise': struct(op=Hash, byTime=U64, signature=Signature),
    'Evidence': struct(first=SealedHeader, second=SealedHeader),
}

def header_hash(header):
    return tagged_hash('header', Header.write(header))

def is_hosts(net, sealed):
    """Whether a header is of this network, and signed by its host."""
    header, signature = sealed['header'], sealed['signature']
    return (header['network'] == net.id and is_low_s(signature)
            and verify(header_hash(header), net.rules['hostKey'], signature))

def contradict(first, second):
    """One height, one network, two hashes."""
    is_one_place = (first['network'], first['height']) == (second['network'], second['height'])
    return is_one_place and header_hash(first) != header_hash(second)

def read_gossip(v, net):
    topics, streams, shards, hashes, contradicting, messages = only(
        v, 'topics streams shards hashes contradicting messages')
    ending = net.id[:8].hex()
    mail = [f'mail/{WIRE}/{ending}/{shard}' for shard in (0, 3)]

    def named(names):
        return {name: f'{name}/{WIRE}/{ending}' for name in names.split()}
    same('topics', topics, {'mail': mail, **named('ops batches releases')})
    asked = named('log envelopes shard releases waiting ops promises give')
    same('streams', streams, {'hello': f'hello/{WIRE}', **asked, 'setUp': f'set-up/{WIRE}/{ending}'})
    for entry in each('shards', shards):
        address, of, shard = only(entry, 'address shards shard')
        same('shard', shard, unhex(address)[0] % of)
    for entry in each('contradicting', contradicting):
        name, pair, said = only(entry, 'name headers contradict')
        headers = [decode(Header, unhex(header)) for header in pair]
        same('headers', pair, [*map(Header.write, headers)])
        same('contradict', said, contradict(*headers))
    holds('every message is there', messages.keys() == MESSAGES.keys())
    read = {}
    for name, examples in messages.items():
        for entry in each(name, examples):
            read.setdefault(name, []).append(coded(MESSAGES[name], *only(entry, 'value hex')))
    given, promise = read['Release'][0]['data'], read['InclusionPromise'][0]
    release = tagged_hash('release', net.id, *(codec.write(given[name]) for name, codec in KeeperShares.items()))
    promised = tagged_hash('promise', net.id, promise['op'], U64.write(promise['byTime']))
    same('hashes', hashes, [{'what': 'release', 'hash': release}, {'what': 'promise', 'hash': promised}])
    keeper = net.rules['keepers']['members'][given['keeper']]['signingKey']
    holds('the keeper’s signature', verify(release, keeper, given['signature']))
    holds('the host’s promise', verify(promised, net.rules['hostKey'], promise['signature']))
    evidence = read['Evidence'][0]
    for sealed in (read['SealedHeader'][0], read['Hello'][0]['head'], evidence['first'], evidence['second']):
        holds('the host’s signature', is_hosts(net, sealed))

# ---------------------------------------------------------------------------------------------------------- identities

PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68]        # for widths of 2 to 17
FULL_ROUNDS = 8

def grain(width):
    """The bits of the Grain LFSR that Poseidon's paper (appendix E) draws its numbers from."""
    state = 0
    for number, size in ((1, 2), (0, 4), (254, 12), (width, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS[width - 2], 10),
                         (2 ** 30 - 1, 30)):
        state = state << size | number
    bits = [state >> 79 - place & 1 for place in range(80)]

    def following():
        while True:
            bits.append(bits[-18] ^ bits[-29] ^ bits[-42] ^ bits[-57] ^ bits[-67] ^ bits[-80])
            yield bits[-1]
            if len(bits) > 100_000:
                del bits[:-80]
    stream = following()
    for _ in range(160):
        next(stream)
    while True:
        taken, bit = next(stream), next(stream)
        if taken:
            yield bit

@cache
def poseidon_numbers(width):
    """The round constants, and the matrix of Cauchy: 1 ÷ (x + y). Nothing of it is copied from anywhere."""
    stream = grain(width)

    def drawn():
        number = 0
        for _ in range(254):
            number = number << 1 | next(stream)
        return number
    constants = []
    while len(constants) < (FULL_ROUNDS + PARTIAL_ROUNDS[width - 2]) * width:
        number = drawn()
        if number < MODULUS:
            constants.append(number)
    entries = [drawn() % MODULUS for _ in range(2 * width)]
    need(len(set(entries)) == len(entries), 'the matrix has distinct entries')
    return constants, [[pow(x + y, -1, MODULUS) for y in entries[width:]] for x in entries[:width]]

@cache
def poseidon(*inputs):
    """Poseidon over BN254 with the parameters of circomlib. The state begins as 0 and the inputs; the S-box is x⁵."""
    state = [0, *inputs]
    constants, matrix = poseidon_numbers(len(state))
    width, rounds = len(state), len(constants) // len(state)
    for at in range(rounds):
        state = [(element + constants[at * width + place]) % MODULUS for place, element in enumerate(state)]
        is_full = not FULL_ROUNDS // 2 <= at < rounds - FULL_ROUNDS // 2
        for place in range(width if is_full else 1):
            state[place] = pow(state[place], 5, MODULUS)
        state = [sum(factor * element for factor, element in zip(row, state)) % MODULUS for row in matrix]
    return state[0]

def purpose(domain, *inputs):
    """What is hashed for a purpose begins with its number. A node of a tree has none, but four inputs."""
    return poseidon(DOMAINS[domain], *inputs)

def field_of(data):
    """The first 31 bytes as an element."""
    return int.from_bytes(data[:31], 'big')

def number_of(data):
    return int.from_bytes(data, 'big')

def leaf_of(secret, state):
    return purpose('leaf', secret, *(state[name] for name in ('positive', 'negative', 'previous', 'last', 'asOf')))

def mode_of(state, epoch):
    """Whether a hidden state is renewed in an epoch, or settled first after an absence."""
    return None if state['last'] == epoch else 'renew' if state['last'] in (0, epoch - 1) else 'settle'

def successor(rules, state, epoch, gathered, spent):
    """The hidden state that follows: what was gathered is folded in, sums decay, what is spent is given away."""
    if mode_of(state, epoch) == 'settle':
        after = {'previous': state['last'], 'last': 0, 'asOf': state['last'] + 1}
    else:
        after = {'previous': state['last'], 'last': epoch, 'asOf': epoch}
    sides = ('positive', 'negative')
    positive, negative = (state[side] + (gathered[side] if state['previous'] else 0) for side in sides)
    epochs = after['asOf'] - state['asOf'] if state['asOf'] else 0
    positive, negative = decay(rules, positive, negative, epochs)
    return {**after, 'positive': positive - spent, 'negative': negative}

def read_identities(v, net):
    identity, roots, twenty, statements = only(v, 'identity roots twenty statements')
    (modulus, hashes, node, fields, secret, commitment, first, keys, states, successors, stamps) = only(
        identity, 'modulus poseidon node fields secret commitment firstLeaf epochKeys states successors stamps')
    same('modulus', modulus, MODULUS)
    for entry in each('poseidon', hashes):
        domain, number, inputs, digest = only(entry, 'domain number inputs hash')
        same('number', number, DOMAINS[domain])
        same('hash', digest, purpose(domain, *map(int, inputs)))
    holds('every domain is there', sorted(entry['domain'] for entry in hashes) == sorted(DOMAINS))
    children, digest = only(node, 'children hash')
    same('node', digest, poseidon(*map(int, children)))
    own = field_of(net.id)
    same('fields', fields, {'network': net.id, 'networkField': own, 'fieldOf': own})
    secret = int(secret)
    enrolled = purpose('commitment', secret, own)
    same('commitment', commitment, enrolled)
    same('firstLeaf', first, purpose('first', enrolled))
    for entry in each('epochKeys', keys):
        epoch, slot, scope, key = only(entry, 'epoch slot scope key')
        same('scope', scope, purpose('scope', own, epoch))
        same('key', key, purpose('key', secret, int(scope), slot) % 2 ** 160)
    for entry in each('states', states):
        state, leaf, in_tree, nullifier = only(entry, 'state leaf leafInTree nullifier')
        state = numbers(state)
        same('leaf', leaf, leaf_of(secret, state))
        same('leafInTree', in_tree, leaf_of(secret, state) if state['asOf'] else purpose('first', enrolled))
        same('nullifier', nullifier, purpose('nullifier', secret, own, state['previous'], state['last']))
    for entry in each('successors', successors):
        state, epoch, gathered, spent, mode, following = only(entry, 'state epoch gathered spent mode next')
        same('mode', mode, mode_of(state, epoch))
        same('next', following, successor(net.rules, numbers(state), epoch, numbers(gathered), int(spent)))
    stamp, note, leaf, nullifier = only(stamps, 'secret note leaf nullifier')
    denomination, leaf = only(leaf, 'denomination leaf')
    same('note', note, purpose('note', int(stamp)))
    same('leaf', leaf, purpose('stamp', int(denomination), int(note)))
    same('nullifier', nullifier, purpose('stampNullifier', int(stamp), own))
    same('twenty', twenty, number_of(b'\1' * 20))
    only(roots, 'identitiesRoot historyRoot stampsRoot')
    samples = VECTORS['operations']['operations']
    known = {entry['name']: op_of(decode(SignedPart, unhex(entry['hex']))['part']) for entry in samples}
    for entry in each('statements', statements):
        name, statement = only(entry, 'operation statement')
        same('statement', statement, statement_of(net, known[name], numbers(roots)))
    proven = [name for name, op in known.items() if 'proof' in op['action']['data']]
    same('operations', [entry['operation'] for entry in statements], proven)

def statement_of(net, op, roots):
    """What the proof of an op shows: the circuit's public signals, in their order."""
    name, data, own = op['action']['TAG'], op['action']['data'], field_of(net.id)
    reputation, one = net.rules['reputation'], 1 << 16
    if name == 'pass':
        # positive + 2^48 ≥ negative + scoreMin, so that tier 0, which asks nothing, is one of them.
        least, most = 0, 2 ** 48 - 1
        if data['tier'] > 0:
            least = 2 ** 48 + reputation['scores'][data['tier'] - 1] * one
            most = reputation['negatives'][data['tier'] - 1] * one
        signals = [roots['identitiesRoot'], own, data['epoch'], number_of(data['epochKey']), least, most,
                   number_of(op['account'])]
    elif name == 'renew':
        given = data['endorsement'] or {'amount': 0, 'target': b''}
        signals = [roots['identitiesRoot'], roots['historyRoot'], own, data['epoch'], data['nullifier'], data['leaf'],
                   given['amount'] * one, number_of(given['target']),
                   net.rules['identity']['endorsementReserve'] * one]
    else:
        beneficiary = field_of(redeem_hash(net.id, op))
        signals = [roots['stampsRoot'], own, data['nullifier'], data['denomination'], beneficiary]
    return {'circuit': 'stamp' if name == 'stampRedeem' else name, 'signals': signals, 'proof': data['proof']}

# --------------------------------------------------------------------------------------------------------------- trees

VERDICT_DEPTH, LAST_KEY = 13, 2 ** 160 - 1

def tree_node(children):
    """A subtree of nothing but zeros is 0 itself."""
    return poseidon(*children) if any(children) else 0

def append(edge, leaf, depth):
    """A tree's right edge with a leaf more, and the nodes that are complete with it, the leaf first."""
    levels, completed, node = [*map(list, edge['levels'])], [], leaf
    for level in range(depth + 1):
        if level == len(levels):
            levels.append([])
        levels[level].append(node)
        completed.append({'level': level, 'index': edge['count'] >> 2 * level, 'node': node})
        if len(levels[level]) < 4 or level == depth:
            break
        node = tree_node(levels[level])
        levels[level] = []
    return {'count': edge['count'] + 1, 'levels': levels}, completed

def root_of(edge, depth):
    """The root of a tree with this right edge; 0 of an empty one."""
    levels = edge['levels']
    node = 0
    for level in range(depth):
        children = [*(levels[level] if level < len(levels) else []), node]
        node = tree_node(children + [0] * (4 - len(children)))
    return levels[depth][0] if depth < len(levels) else node

def rows_of(gathered):
    """The rows of an epoch: that of key 0, then every key in rising order, each with the key that is next."""
    rows = sorted([{'key': 0, 'positive': 0, 'negative': 0}, *gathered], key=lambda row: row['key'])
    return [{**row, 'next': after['key']} for row, after in zip(rows, [*rows[1:], {'key': LAST_KEY}])]

def row_leaf(row):
    return purpose('row', row['key'], row['next'], row['positive'], row['negative'])

def verdict_levels(gathered):
    return levels_of(map(row_leaf, rows_of(gathered)), VERDICT_DEPTH, tree_node, 0)

def read_trees(v, net):
    trees, growth, verdicts = only(v, 'trees growth verdicts')
    same('trees', trees, [{'name': name, 'number': number, 'depth': depth} for name, (number, depth) in TREES.items()])
    for entry in each('growth', growth):
        name, empty_root, steps, paths, root = only(entry, 'name emptyRoot steps paths root')
        edge, depth, leaves = {'count': 0, 'levels': []}, TREES[name][1], []
        same('emptyRoot', empty_root, root_of(edge, depth))
        for step in each('steps', steps):
            leaf, completed, after, root_now = only(step, 'leaf completed edge root')
            leaves.append(int(leaf))
            edge, done = append(edge, leaves[-1], depth)
            same('completed', completed, done)
            same('edge', after, edge)
            same('root', root_now, root_of(edge, depth))
        levels = levels_of(leaves, depth, tree_node, 0)
        same('root', root, levels[-1][0])
        for path in each('paths', paths):
            index, siblings, leaf, leads = only(path, 'index siblings leaf root')
            same('leaf', leaf, leaves[index])
            same('siblings', siblings, siblings_of(levels, index, 0))
            same('root', leads, climb(int(leaf), index, [[*map(int, three)] for three in siblings], tree_node))
    holds('every tree is there', [entry['name'] for entry in growth] == list(TREES))
    with inside('verdicts'):
        depth, gathered, rows, root, empty_root, shown = only(verdicts, 'depth gathered rows root emptyRoot shown')
        gathered = [numbers(row) for row in gathered]
        known, levels = rows_of(gathered), verdict_levels(gathered)
        same('depth', depth, VERDICT_DEPTH)
        same('rows', rows, [{**row, 'leaf': row_leaf(row)} for row in known])
        same('root', root, levels[-1][0])
        same('emptyRoot', empty_root, verdict_levels([])[-1][0])
        for entry in each('shown', shown):
            key, row, path = only(entry, 'key row path')
            index = max(place for place, some in enumerate(known) if some['key'] <= int(key))
            same('row', row, known[index])
            same('path', path, {'index': index, 'siblings': siblings_of(levels, index, 0)})
            leads = climb(row_leaf(numbers(row)), index, siblings_of(levels, index, 0), tree_node)
            holds('it leads to the root', leads == levels[-1][0])

# ---------------------------------------------------------------------------------------------------------------- fees

ONE = 10_000                # ratios are counted in basis points
COUNT_ONE = 1 << 16         # messages and scores carry 16 fractional bits
FEE_MAX = 2 ** 56

def divide_up(amount, divisor):
    return -(-amount // divisor)

def rank_of(standing):
    """Index into the lists of the rules: no pass, then tiers 0 to 4."""
    return 0 if standing is None else standing + 1

def lifetime_factor(rules, days):
    """That of the first lifetime which reaches so far; None beyond the last."""
    fitting = [lifetime['factor'] for lifetime in rules['lifetimes'] if 1 <= days <= lifetime['days']]
    return fitting[0] if fitting else None

def factors_of(rules, a):
    """Every factor of a price, in the order of their numbers."""
    terms = rules['reputation']
    # A good name is worth something in an exchange alone, and a bad one costs more to strangers.
    standing = terms['factors' if a['kind'] == 'exchange' else 'strangers'][rank_of(a['standing'])]
    return {
        # What a large letter takes in an exchange is carriage alone.
        'size': ONE << a['sizeClass'] if a['kind'] == 'first' else ONE,
        'lifetime': lifetime_factor(rules, a['lifetimeDays']) or 0,
        'correspondence': rules['correspondence'][a['kind']],
        'recipients': ONE + rules['recipientFactor'] * (a['recipientCount'] - 1),
        'reputation': terms['badName'] if a['hasBadName'] and a['kind'] == 'first' else standing,
    }

def carriage_of(rules, a):
    """What carrying and keeping a message burns, rounded up, and the inclusion fee at least."""
    terms = rules['resources']
    handling = (terms['letter'] + terms['recipient'] * a['recipientCount']) * ONE
    keeping = (terms['unit'] << a['sizeClass']) * lifetime_factor(rules, a['lifetimeDays'])
    return max(divide_up(a['basePrice'] * (handling + keeping), ONE * ONE), rules['inclusionFee'])

def network_price(rules, a):
    """The base price times its factors, rounded up once."""
    factors = factors_of(rules, a)
    price = a['basePrice']
    for factor in factors.values():
        price *= factor
    return min(divide_up(price, ONE ** len(factors)), FEE_MAX)

def split_of(rules, fee):
    """What is credited, burned, and the operators': what is taken is rounded down, and of that what the operators get."""
    shares = rules['burnShare'] + rules['operatorsShare']
    taken = fee * shares // ONE
    operators = taken * rules['operatorsShare'] // shares if shares else 0
    return fee - taken, taken - operators, operators

def price_of(rules, a):
    """What is asked, its parts, and what of it counts: what flags add burns, and what the base price is above its floor."""
    lowest = min(a['basePrice'], rules['price']['floor'])
    unflagged = {**a, **a['unflagged']}
    asked, plain = network_price(rules, a), network_price(rules, {**unflagged, 'basePrice': lowest})
    named = network_price(rules, {**unflagged, 'kind': a['kind'], 'basePrice': lowest})
    credit, share, operators = split_of(rules, plain)
    fee = min(asked + max(a['floor'] - named, 0), FEE_MAX)
    earned = credit + max(unflagged['floor'] - plain, 0)
    burned = fee - earned - operators
    credit = 0 if a['granted'] else earned
    return {'factors': [{'name': name, 'basisPoints': factor} for name, factor in factors_of(rules, a).items()],
            'floor': a['floor'], 'fee': fee, 'paid': credit + burned + operators, 'credit': credit,
            'burned': burned, 'operators': operators,
            'counts': {'demand': network_price(rules, unflagged), 'fee': burned + operators if a['granted'] else asked,
                       'burned': share, 'asStranger': network_price(rules, {**a, 'kind': 'first'})}}

def pair_key(one, other):
    return min(one, other) + max(one, other)

SILENT = {'messages': 0, 'automatic': 0, 'exchanged': 0, 'valued': 0, 'asStranger': 0, 'acquainted': False, 'weighed': False,
          'closedFrom': None}

def pair_in(rules, pair, epoch):
    """What two have been to each other; what was valued is decayed, step by step, rounded down; after 256 nothing is left."""
    pair = pair or {'low': SILENT, 'high': SILENT, 'asOf': 0}
    steps = epoch - pair['asOf'] if pair['asOf'] else 0

    def fade(amount):
        for _ in range(min(steps, 257)):
            amount = amount * rules['correspondence']['decay'] // ONE
        return amount if steps <= 256 else 0
    return {**{side: {**pair[side], 'valued': fade(pair[side]['valued'])} for side in ('low', 'high')}, 'asOf': epoch}

def side_of(me, other):
    return 'low' if me < other else 'high'

def sides_in(rules, pair, me, other, epoch):
    """Both sides of a pair, as one of the two sees them."""
    now = pair_in(rules, pair, epoch)
    return {'mine': now[side_of(me, other)], 'theirs': now[side_of(other, me)]}

def pair_with(rules, pair, epoch, side, **fields):
    """A pair of which one side is other in something."""
    now = pair_in(rules, pair, epoch)
    return {**now, side: {**now[side], **fields}}

def pair_valued(rules, pair, epoch, side):
    return pair_with(rules, pair, epoch, side, valued=pair_in(rules, pair, epoch)[side]['valued'] + COUNT_ONE)

def pair_closed(rules, pair, epoch, side, since):
    """A pair of which one side flagged the other: earlier, where it had before."""
    before = pair_in(rules, pair, epoch)[side]['closedFrom']
    return pair_with(rules, pair, epoch, side, closedFrom=since if before is None else before)

def pair_wrote(rules, pair, epoch, side, kind, automatic, granted, stranger):
    """A pair in which one side wrote once more."""
    was = pair_in(rules, pair, epoch)[side]
    return pair_with(
        rules, pair, epoch, side, messages=was['messages'] + 1, automatic=was['automatic'] + automatic,
        exchanged=was['exchanged'] + (kind == 'exchange' and not granted), asStranger=was['asStranger'] + stranger,
        acquainted=was['acquainted'] or kind == 'exchange', weighed=was['weighed'] and kind == 'exchange', closedFrom=was['closedFrom'] if automatic else None)

def letters(side):
    """How many somebody wrote by hand."""
    return side['messages'] - side['automatic']

def owes_answer(sides, automatic):
    """By hand to whatever came, whatever a program answered meanwhile; by a program to letters by hand alone."""
    mine, theirs = sides['mine'], sides['theirs']
    return letters(theirs) > mine['messages'] if automatic else theirs['messages'] > letters(mine)

def open_kind(rules, sides, automatic):
    """What the next letter is, as if nobody had flagged anybody: what a program writes leaves room for answers by hand."""
    patience, back = rules['correspondence']['patience'], letters(sides['theirs'])
    paid_for = min(patience * back, back + patience)
    owed = max(0, back - letters(sides['mine'])) if automatic else 0
    is_owed = not automatic and owes_answer(sides, automatic)
    return 'exchange' if is_owed or sides['mine']['exchanged'] + owed < paid_for else 'first'

def earned_kind(rules, sides, automatic):
    """As what its reader is paid: nobody who ever wrote as to an acquaintance pays them as a stranger again."""
    return 'exchange' if sides['mine']['acquainted'] else open_kind(rules, sides, automatic)

def kind_of(rules, sides, at, automatic):
    """What it is: after a flag a first letter, but for an answer that is owed."""
    closed = sides['theirs']['closedFrom']
    is_closed = closed is not None and at >= closed and not owes_answer(sides, automatic)
    return 'first' if is_closed else open_kind(rules, sides, automatic)

def policy_at(policy, at):
    policy = policy or {'leastTier': 0, 'leastFee': 0, 'next': None}
    now = policy['next'] if policy['next'] and at >= policy['next']['from'] else policy
    return {term: now[term] for term in Terms}

def read_fees(v, net):
    rules, factors, fee_max, prices, carriages, pairs, kinds, policies = only(
        v, 'rules factors feeMax prices carriages pairs kinds policies')
    under = {name: decode(Rules, unhex(hex_)) for name, hex_ in rules.items()}
    same('rules', rules, {name: Rules.write(some) for name, some in under.items()})
    same('factors', factors, FACTORS)
    same('feeMax', fee_max, FEE_MAX)
    for entry in each('prices', prices):
        name, of, asked, price = only(entry, 'name rules input price')
        same('price', price, price_of(under[of], numbers(asked)))
    real = under['real']
    for entry in each('carriages', carriages):
        asked, carriage = only(entry, 'input carriage')
        same('carriage', carriage, carriage_of(real, numbers(asked)))
    for entry in each('pairs', pairs):
        me, other, key, pair, epoch, seen, ways, weighed, closed, answered, valued = only(
            entry, 'me other key pair epoch seen wrote weighed closed answered valued')
        me, other, pair = unhex(me), unhex(other), numbers(pair)
        side = side_of(me, other)
        same('key', key, pair_key(me, other))
        same('seen', seen, sides_in(real, pair, me, other, epoch))
        for way in each('wrote', ways):
            *how, after = only(way, 'kind automatic granted stranger pair')
            same('pair', after, pair_wrote(real, pair, epoch, side, *how))
        same('weighed', weighed, pair_with(real, pair, epoch, side, weighed=True))
        same('closed', closed, pair_closed(real, pair, epoch, side, 2000))
        same('answered', answered, pair_with(real, pair, epoch, side, asStranger=0))
        same('valued', valued, pair_valued(real, pair, epoch, side))
    for entry in each('kinds', kinds):
        sides, stranger, written = only(entry, 'sides stranger written')
        sides = numbers(sides)
        same('stranger', stranger, letters(sides['theirs']) == 0)
        for next_ in each('written', written):
            automatic, owed, unflagged, earned, both = only(next_, 'automatic owed open earned kinds')
            same('owed', owed, owes_answer(sides, automatic))
            same('open', unflagged, open_kind(real, sides, automatic))
            same('earned', earned, earned_kind(real, sides, automatic))
            same('kinds', both, [kind_of(real, sides, at, automatic) for at in (999, 1000)])
    for entry in each('policies', policies):
        policy, time, now = only(entry, 'policy time holds')
        same('holds', now, policy_at(numbers(policy), int(time)))

# -------------------------------------------------------------------------------------------------------------- prices

def step_towards(step, price, goal):
    """A step of the way: the harmonic mean upwards, the arithmetic mean downwards."""
    if goal <= price:
        return price - (price - goal) * step // ONE
    return price * goal * ONE // ((ONE - step) * goal + step * price)

def advance_market(rules, market, at):
    """The base price after every whole interval that passed; what was gathered belongs to the first of them."""
    terms = rules['price']
    base, demand, since = (market[name] for name in ('basePrice', 'demand', 'since'))
    passed = (at - since) // terms['intervalMs']
    if passed <= 0:
        return {'basePrice': base, 'demand': demand, 'since': since}

    def between(value):
        return min(max(value, terms['floor']), terms['ceiling'])
    now = step_towards(terms['step'], base, between(terms['floor'] * demand // (terms['target'] * ONE)))
    for _ in range(passed - 1):
        before, now = now, step_towards(terms['step'], now, terms['floor'])
        if now == before:
            break
    return {'basePrice': between(now), 'demand': 0, 'since': since + passed * terms['intervalMs']}

def with_demand(demand, asked, base_price):
    return min(demand + asked * ONE // base_price, 2 ** 62)

def is_within(rules, low, at):
    """Whether any part of a slot of time lies within the longest expiry before a time."""
    return low['from'] + divide_up(rules['expiryMaxMs'], 8) + rules['expiryMaxMs'] > at

def lower(one, other):
    return {name: min(one[name], other[name]) for name in ('basePrice', 'passes')}

def with_low(rules, lows, at, held):
    """The lowest price and count of passes of each slot, an eighth of the longest expiry, once these were held."""
    start = at - at % divide_up(rules['expiryMaxMs'], 8)
    same_slot = [low for low in lows if low['from'] == start]
    before = [low for low in lows if low['from'] < start and is_within(rules, low, at)]
    return before + [{'from': start, **lower(held, (same_slot or [held])[-1])}]

def asked_at(rules, meta, at):
    """What is asked: the lowest that held within the longest expiry."""
    held = [low for low in meta['lows'] if is_within(rules, low, at)] + [meta]
    return {name: min(one[name] for one in held) for name in ('basePrice', 'passes')}

def advance_epoch(rules, at, now):
    """Epochs keep to the grid of genesis, and advance one at a time."""
    if now < at['epochEnd']:
        return {name: at[name] for name in ('epoch', 'epochStart', 'epochEnd')}
    missed = (now - at['epochEnd']) // rules['epochMs']
    return {'epoch': at['epoch'] + 1, 'epochStart': now, 'epochEnd': at['epochEnd'] + (missed + 1) * rules['epochMs']}

def read_prices(v, net):
    rules, network, steps, demands, lows, epochs = only(v, 'rules network steps demands lows epochs')
    known = decode(Rules, unhex(rules))
    same('rules', rules, Rules.write(known))
    same('network', network, net.id)
    for entry in each('steps', steps):
        market, time, after = only(entry, 'market time next')
        same('next', after, advance_market(known, numbers(market), int(time)))
    for entry in each('demands', demands):
        *terms, total = only(entry, 'demand asked basePrice sum')
        same('sum', total, with_demand(*map(int, terms)))
    for entry in each('lows', lows):
        before, time, held, after, asked = only(entry, 'lows time held next asked')
        noted = with_low(known, [numbers(low) for low in before], int(time), numbers(held))
        same('next', after, noted)
        for later in each('asked', asked):
            at, lowest = only(later, 'at lowest')
            same('lowest', lowest, asked_at(known, {**numbers(held), 'lows': noted}, int(at)))
    for entry in each('epochs', epochs):
        before, time, after = only(entry, 'at time next')
        same('next', after, advance_epoch(known, numbers(before), int(time)))

# ---------------------------------------------------------------------------------------------------------- reputation

def value_weight(rules, paid, acker, recent):
    """κ × burned ÷ the floor of the base price × f(acker) ÷ (1 + recent values between the two). Rounded down."""
    terms = rules['reputation']
    above = terms['kappa'] * paid['burned'] * terms['ackWeights'][rank_of(acker)] * COUNT_ONE * COUNT_ONE
    return above // (rules['price']['floor'] * ONE * ONE * (COUNT_ONE + recent))

def flag_weight(rules, paid, acker, verdict):
    """λ × fee ÷ base price × f(acker), the fee counted up to a bound. Rounded down."""
    terms = rules['reputation']
    weight = terms['ackWeights'][rank_of(acker)] * (terms['abuse'] if verdict == 'abuse' else ONE)
    fee = min(paid['fee'], terms['countedMax'] * paid['basePrice'] * (1 << paid['sizeClass']) // ONE)
    return terms['lambda'] * fee * weight * COUNT_ONE // (paid['basePrice'] * ONE ** 3)

def tier_of(rules, positive, negative):
    """The best tier that sums reach."""
    terms = rules['reputation']
    reached = [tier + 1 for tier in range(4) if positive - negative >= terms['scores'][tier] * COUNT_ONE
               and negative <= terms['negatives'][tier] * COUNT_ONE]
    return max(reached, default=0)

def effective_tier(rules, tier, negative):
    """What a pass is worth now: it falls with what its own epoch key has against it."""
    while tier > 0 and negative > rules['reputation']['negatives'][tier - 1] * COUNT_ONE:
        tier -= 1
    return tier

def tier_at(known, at):
    """What a pass is worth in prices: a fall counts there when its time has come."""
    return [known['tier'], *(fall['tier'] for fall in known['falls'] if fall['from'] <= at)][-1]

def falls_with(rules, known, negative, since):
    """The falls of a pass once it has so much against it."""
    before, after = (effective_tier(rules, known['tier'], much) for much in (known['negative'], negative))
    return known['falls'] + ([{'tier': after, 'from': since}] if after < before else [])

def bad_from(rules, known, negative, since):
    """From when on a name is bad: with more against it than tier 1 allows."""
    is_bad = negative > rules['reputation']['negatives'][0] * COUNT_ONE
    return known['badFrom'] if known['badFrom'] is not None else since if is_bad else None

def decay_factors(rules):
    """What is left after 2^i epochs, with 32 fractional bits: rounded down, and rounded up."""
    left = [(rules['reputation']['decay'] ** 2 ** bit << 32, ONE ** 2 ** bit) for bit in range(6)]
    return {'down': [above // below for above, below in left], 'up': [divide_up(*pair) for pair in left]}

def decay(rules, positive, negative, epochs):
    """Sums after some epochs, at most 63, in one step for each bit of their number, the lowest first."""
    factors = decay_factors(rules)
    for bit in range(6):
        if min(epochs, 63) >> bit & 1:
            positive = positive * factors['down'][bit] >> 32
            negative = divide_up(negative * factors['up'][bit], 1 << 32)
    return positive, negative

def within(budget, spent, amount):
    return min(amount, max(budget - spent, 0))

def read_reputation(v, net):
    rules, values, flags, withins, tiers, falls, factors, decays = only(
        v, 'rules values flags within tiers falls decayFactors decay')
    known = decode(Rules, unhex(rules))
    same('rules', rules, Rules.write(known))
    for entry in each('values', values):
        paid, acker, recent, weight = only(entry, 'paid acker recent weight')
        same('weight', weight, value_weight(known, numbers(paid), acker, int(recent)))
    for entry in each('flags', flags):
        paid, acker, verdict, weight = only(entry, 'paid acker verdict weight')
        same('weight', weight, flag_weight(known, numbers(paid), acker, verdict))
    for entry in each('within', withins):
        *terms, left = only(entry, 'budget spent amount left')
        same('left', left, within(*map(int, terms)))
    for entry in each('tiers', tiers):
        sums, tier, effective = only(entry, 'sums tier effective')
        sums = numbers(sums)
        same('tier', tier, tier_of(known, **sums))
        same('effective', effective, [effective_tier(known, tier, sums['negative']) for tier in range(5)])
    for entry in each('falls', falls):
        tier, before, negative, after, bad, priced = only(entry, 'tier before negative falls badFrom priced')
        held = {'tier': tier, 'negative': int(before), 'falls': [], 'badFrom': None}
        fallen = falls_with(known, held, int(negative), 1000)
        same('falls', after, fallen)
        same('badFrom', bad, bad_from(known, held, int(negative), 1000))
        same('priced', priced, [tier_at({'tier': tier, 'falls': fallen}, at) for at in (999, 1000)])
    same('decayFactors', factors, decay_factors(known))
    for entry in each('decay', decays):
        sums, epochs, left = only(entry, 'sums epochs left')
        same('left', left, dict(zip(('positive', 'negative'), decay(known, **numbers(sums), epochs=epochs))))

# ------------------------------------------------------------------------------------------------ batches: what they do

class Draft:
    """Records by table and key: what was written here, over what is below. None is no record."""

    def __init__(self, below=None):
        self.below, self.written = below, {}

    def get(self, table, key=b''):
        if (table, key) in self.written:
            return self.written[table, key]
        return self.below.get(table, key) if self.below else None

    def put(self, table, key, record):
        self.written[table, key] = record

    def set(self, table, key=b'', **fields):
        self.put(table, key, {**self.get(table, key), **fields})

    def add(self, table, key=b'', **amounts):
        record = self.get(table, key)
        self.set(table, key, **{name: record[name] + amount for name, amount in amounts.items()})

def new_account(slot, funds):
    return {'slot': slot, 'signingKey': None, 'nonce': 0, 'funds': funds}

def is_registered(draft, address):
    return bool((draft.get('accounts', address) or {}).get('signingKey'))

# ------------------------------------------------------------------------------- custody: the only code that moves money

def signer_of(below, money, at):
    """Whose key must have signed."""
    author, deed = money['author'], money['deed']
    account = below.get('accounts', author['account'])
    refuse(author['expiry'] < at, 'expired')
    refuse(not account, 'account-unknown')
    refuse(author['nonce'] < account['nonce'], 'nonce-used')
    refuse(author['nonce'] > account['nonce'], 'nonce-gap')
    # An account without a key is signed for by the key that its address was made of, in the op that registers it.
    is_first = deed['kind'] == 'register' and address_of(deed['key']) == author['account']
    refuse(not account['signingKey'] and not is_first, 'not-registered')
    return account['signingKey'] or deed['key']

def move(below, money, given):
    """What custody changes; void, and then nothing. `given`: time, stamps, paysOut, signed, agreed, proven."""
    draft, author, deed = Draft(below), money['author'], money['deed']
    me = author['account'] if author else bytes(20)
    key = signer_of(below, money, given['time']) if author else None
    refuse(not author and deed['kind'] not in ('none', 'stamp-redeem'), 'malformed')
    takes, gives = perform(draft, deed, me, given)
    gives += money['burn']
    seen, drawn = set(), 0
    for line in money['lines']:
        to, amount = line['address'], line['amount']
        refuse(author and to == me, 'recipient-self')
        refuse(to in seen, 'recipient-repeated')
        seen.add(to)
        refuse(not is_registered(draft, to), 'recipient-unknown')
        if line['from'] == 'funds':
            gives += amount
            if amount:
                draft.add('accounts', to, funds=amount)
            continue
        refuse(not author, 'malformed')
        held = (draft.get('allowances', to + me) or {'amount': 0})['amount']
        refuse(held < amount, 'allowance-short')
        drawn += amount
        if amount:
            draft.put('allowances', to + me, {'amount': held - amount} if held > amount else None)
    refuse(drawn > money['burn'], 'malformed')
    takes += drawn
    if money['share']:
        refuse(not draft.get('accounts', money['share']['payee']), 'payee-unknown')
        gives += money['share']['amount']
        if money['share']['amount']:
            draft.add('accounts', money['share']['payee'], funds=money['share']['amount'])
    if author:
        refuse(draft.get('accounts', me)['funds'] + takes < gives, 'funds-short')
        draft.add('accounts', me, funds=takes - gives)
        draft.set('accounts', me, nonce=author['nonce'] + 1)
    else:
        refuse(takes != gives, 'malformed')
    if money['burn']:
        draft.add('supply', burned=money['burn'])
    refuse(key and not given['signed'](key), 'signature-wrong')
    return draft

def perform(draft, deed, me, given):
    """What goes into the author's purse, and what stays in what was done."""
    kind = deed['kind']
    if kind == 'register':
        # Whoever registers their own key signs with it.
        register_key(draft, deed['key'], given['agreed'] if address_of(deed['key']) != me else lambda: True)
    elif kind == 'rekey':
        refuse(not given['agreed'](), 'proof-wrong')
        draft.set('accounts', me, signingKey=deed['key'])
    elif kind == 'allow':
        refuse(deed['sender'] == me, 'recipient-self')
        refuse(not is_registered(draft, deed['sender']), 'recipient-unknown')
        held = (draft.get('allowances', me + deed['sender']) or {'amount': 0})['amount']
        if deed['amount']:
            draft.put('allowances', me + deed['sender'], {'amount': held + deed['amount']})
        return 0, deed['amount']
    elif kind == 'reclaim':
        held = (draft.get('allowances', me + deed['sender']) or {'amount': 0})['amount']
        if held:
            draft.put('allowances', me + deed['sender'], None)
        return held, 0
    elif kind == 'stamp-buy':
        note, denomination = Field.write(deed['note']), deed['denomination']
        refuse(denomination not in given['stamps'], 'denomination-unknown')
        refuse(draft.get('notes', note), 'note-repeated')
        draft.put('notes', note, {'denomination': denomination})
        fill_pool(draft, denomination, denomination)
        return 0, denomination
    elif kind == 'stamp-redeem':
        nullifier, denomination = Field.write(deed['nullifier']), deed['denomination']
        refuse(denomination not in given['stamps'], 'denomination-unknown')
        refuse(draft.get('spent', nullifier), 'nullifier-used')
        if deed['key']:
            register_key(draft, deed['key'], given['agreed'])
        refuse(not given['proven'](), 'unproven')
        pool = draft.get('pools', U64.write(denomination)) or {'amount': 0}
        refuse(pool['amount'] < denomination, 'unproven')
        fill_pool(draft, denomination, -denomination)
        draft.put('spent', nullifier, {'denomination': denomination})
        return denomination, 0
    elif kind == 'withdraw':
        refuse(not given['paysOut'], 'chain-lacking')
        held = (draft.get('withdrawals', deed['to']) or {'amount': 0})['amount']
        if deed['amount']:
            draft.put('withdrawals', deed['to'], {'amount': held + deed['amount']})
        return 0, deed['amount']
    return 0, 0

def register_key(draft, key, agreed):
    """Give an address its key, opening its account where there is none."""
    address = address_of(key)
    refuse(is_registered(draft, address), 'registered-already')
    is_full = not draft.get('accounts', address) and draft.get('supply')['slots'] >= 2 ** 32 - 1
    refuse(is_full, 'tree-full')
    refuse(not agreed(), 'consent-wrong')
    if not draft.get('accounts', address):
        draft.put('accounts', address, new_account(draft.get('supply')['slots'], 0))
        draft.add('supply', slots=1)
    draft.set('accounts', address, signingKey=key)

def fill_pool(draft, denomination, amount):
    key = U64.write(denomination)
    draft.put('pools', key, {'amount': (draft.get('pools', key) or {'amount': 0})['amount'] + amount})

# ------------------------------------------------------------------------------------------- what each operation asks for

SETTLES = {}                # what an op does besides moving money, and what it has to name: (draft, net, op, data)

def settles(name):
    return lambda function: SETTLES.setdefault(name, function)

def asks(burn, share=None, lines=None, sent=None):
    """What is asked of an op at least; without lines those are right that it has."""
    return {'burn': burn, 'share': share, 'lines': lines, 'sent': sent}

def settle(below, net, entry):
    """What an op changes that settles as mail, and what was sent; or why it does not."""
    op, money, now = entry.op, entry.money, below.get('meta')['time']
    if money['author']:
        signer_of(below, money, now)
        refuse(op['expiry'] > now + net.rules['expiryMaxMs'], 'expiry-too-far')
    draft, action = Draft(below), op['action']
    asked = SETTLES[action['TAG']](draft, net, op, action['data'])
    refuse(not suffices(op, asked), 'price-short')
    return after_move(draft, money, move(below, money, given_of(below, net, entry))), asked['sent']

def suffices(named, asked):
    """Whether an op names at least what is asked, and nobody else for a share than whose turn it is."""
    share, due = named['share'], asked['share']
    lines = named['lines'] if asked['lines'] is None else asked['lines']
    return (own_burn(named['burn'], named['lines']) >= own_burn(asked['burn'], lines)
            and len(named['lines']) == len(lines)
            and (share['amount'] if share else 0) >= (due['amount'] if due else 0)
            and (not share or due is not None and share['payee'] == due['payee'])
            and all(line['address'] == least['address'] and line['from'] == least['from']
                    and line['amount'] >= least['amount'] for line, least in zip(named['lines'], lines)))

def own_burn(burn, lines):
    """What the author burns of their own: what one recipient set aside pays neither for another nor the inclusion fee."""
    return burn - sum(line['amount'] for line in lines if line['from'] == 'allowance')

def given_of(below, net, entry):
    """What custody is told of an entry. What agrees, and what is proven, stands in what is said as mail."""
    op = entry.op
    return {
        'time': below.get('meta')['time'], 'stamps': net.rules['identity']['stamps'],
        'paysOut': net.rules['anchor'] == 'evm',
        'signed': lambda key: verify(entry.id, key, entry.signature),
        'agreed': lambda: op is not None and all(verify(*agreed) for agreed in agreements(net.id, op)),
        'proven': lambda: op is not None and is_proven(below, net, op)}

def apply(below, net, entry):
    """What becomes of an entry of a batch. `reason` is why it is no mail, `void` why it does nothing."""
    became = SimpleNamespace(kind='settled', draft=None, sent=None, reason=entry.reason, void=None)
    if entry.op:
        try:
            became.draft, became.sent = settle(below, net, entry)
            return became
        except Refused as no:
            became.reason = str(no)
    try:
        refuse(not entry.money, 'malformed')
        moved = move(below, entry.money, given_of(below, net, entry))
        became.kind, became.draft = 'undelivered', after_move(Draft(below), entry.money, moved)
    except Refused as no:
        became.kind, became.void = 'void', str(no)
    return became

def merged(draft, written):
    for (table, key), record in written.written.items():
        draft.put(table, key, record)
    return draft

def after_move(draft, money, moved):
    """With what custody did, and the leaf of a stamp that it sold, whether or not that counts as mail."""
    merged(draft, moved)
    deed, (number, depth) = money['deed'], TREES['stamps']
    if deed['kind'] == 'stamp-buy' and draft.get('trees', U8.write(number))['count'] < 4 ** depth:
        leaf = grow(draft, 'stamps', purpose('stamp', deed['denomination'], deed['note']))
        draft.put('stampLeaves', Field.write(deed['note']), {'leaf': leaf})
    return draft

@settles('register')
def register(draft, net, op, data):
    given = data['sponsorship']
    refuse(given and given['amount'] < net.rules['reserve'], 'sponsorship-short')
    draft.put('sealKeys', address_of(data['signingKey']), {'sealKey': data['sealKey']})
    return asks(net.rules['inclusionFee'])

@settles('rekey')
def rekey(draft, net, op, data):
    if data['sealKey']:
        draft.put('sealKeys', op['account'], {'sealKey': data['sealKey']})
    return asks(net.rules['inclusionFee'])

@settles('policy')
def policy(draft, net, op, data):
    """What is lowered holds at once; what is raised holds after the longest expiry."""
    rules, now = net.rules, draft.get('meta')['time']
    is_out = data['leastTier'] > rules['policyTierMax'] or data['leastFee'] > rules['policyFeeMax']
    refuse(is_out, 'policy-out-of-range')
    held = policy_at(draft.get('policies', op['account']), now)
    lowered = {term: min(held[term], data[term]) for term in Terms}
    is_raised = any(data[term] > held[term] for term in Terms)
    after = {**data, 'from': now + rules['expiryMaxMs']} if is_raised else None
    draft.put('policies', op['account'], {**lowered, 'next': after})
    return asks(rules['inclusionFee'])

@settles('withdraw')
@settles('transfer')
def transfer(draft, net, op, data):
    return asks(net.rules['inclusionFee'])

@settles('grant')
def grant(draft, net, op, data):
    draft.put('grants', op['account'] + data['sender'], {'payer': data['payer'], 'endsAt': None})
    return asks(net.rules['inclusionFee'])

@settles('revoke')
def revoke(draft, net, op, data):
    """The permission holds for the longest expiry. What a grant that did not count set aside comes back all the same."""
    key = op['account'] + data['sender']
    stands = (draft.get('grants', key) or {'endsAt': 0})['endsAt'] is None
    refuse(not stands and not draft.get('allowances', key), 'grant-unknown')
    if stands:
        draft.set('grants', key, endsAt=draft.get('meta')['time'] + net.rules['expiryMaxMs'])
    return asks(net.rules['inclusionFee'])

def pass_ends(rules, known, meta):
    """Until when a pass is good at least; 0 where it is good no longer."""
    grace = rules['reputation']['passGraceMs']
    if known['epoch'] == meta['epoch']:
        return meta['epochEnd'] + grace
    return min(meta['epochStart'] + grace, meta['epochEnd']) if known['epoch'] == meta['epoch'] - 1 else 0

def good_pass(draft, rules, epoch_key, pseudonym, at=None):
    """A pass that is this pseudonym's, and of this epoch, or of the one before in its grace."""
    known, meta = draft.get('passes', epoch_key), draft.get('meta')
    refuse(not known or known['pseudonym'] != pseudonym, 'pass-unknown')
    refuse((meta['time'] if at is None else at) >= pass_ends(rules, known, meta), 'pass-unknown')
    return known

def holds_until(draft, rules, pass_key):
    """Until when a price holds that is asked now."""
    meta = draft.get('meta')
    known = draft.get('passes', pass_key) if pass_key else None
    end = pass_ends(rules, known, meta) if known else 0
    return min([meta['time'] + rules['expiryMaxMs'], *([end] if end else [])]) - 1

def quote(draft, rules, sender, data, until=0, named=None):
    """The price of a message, line by line: the most that is asked until then. `named`: what each is paid, and out of what."""
    meta, pass_key, lines = draft.get('meta'), data['epochKey'], []
    until = max(until, meta['time'])
    base_price = asked_at(rules, meta, until)['basePrice']
    refuse(lifetime_factor(rules, data['lifetimeDays']) is None, 'lifetime-unknown')
    known = pass_key and good_pass(draft, rules, pass_key, sender, until)
    standing = tier_at(known, until) if known else None
    is_bad = bool(known) and known['badFrom'] is not None and until >= known['badFrom']
    about = {'basePrice': base_price, 'sizeClass': data['sizeClass'], 'lifetimeDays': data['lifetimeDays'],
             'recipientCount': len(data['recipients'])}
    for at, recipient in enumerate(data['recipients']):
        refuse(not is_registered(draft, recipient), 'recipient-unknown')
        grant_, line = draft.get('grants', recipient + sender), named[at] if named else None
        sides = sides_in(rules, draft.get('pairs', pair_key(sender, recipient)), sender, recipient, meta['epoch'])
        kind = kind_of(rules, sides, until, data['automatic'])
        unflagged = earned_kind(rules, sides, data['automatic'])
        asked = policy_at(draft.get('policies', recipient), until)
        floors = {'first': asked['leastFee'], 'exchange': 0}
        def price_as(kind, unflagged, granted):
            return price_of(rules, {
                **about, 'kind': kind, 'standing': standing, 'hasBadName': is_bad, 'floor': floors[kind],
                'unflagged': {'kind': unflagged, 'standing': known['tier'] if known else None, 'hasBadName': False,
                              'floor': floors[unflagged]}, 'granted': granted})
        price = price_as(kind, unflagged, False)
        # Who pays all that would be asked without a grant priced it before there was one, and it counts as that.
        pays_all = line and line['from'] == 'funds' and line['amount'] >= max(price['credit'], 1)
        granted = is_granted(draft, recipient, sender, until) and not pays_all
        refuse(not granted and kind == 'first' and rank_of(standing) < asked['leastTier'], 'tier-short')
        price = price_as('exchange', 'exchange', True) if granted else price
        held = (draft.get('allowances', recipient + sender) or {'amount': 0})['amount']
        # What an op names out of an allowance buys what it was named for, whoever is to pay by now.
        covers = granted and (line['from'] == 'allowance' if line else
                              grant_['payer'] == 'recipient' and held >= price['paid'])
        payer = 'recipient' if covers else 'sender'
        if covers:
            # What is set aside is only ever burned, the operators' share too.
            price = {**price, 'burned': price['burned'] + price['operators'], 'operators': 0}
        lines.append({**price, 'recipient': recipient, 'payer': payer, 'granted': granted})
    return lines, carriage_of(rules, about)

def is_granted(draft, granter, sender, at):
    known = draft.get('grants', granter + sender)
    return known is not None and (known['endsAt'] is None or at < known['endsAt'])

@settles('send')
def send(draft, net, op, data):
    rules, me, meta, recipients = net.rules, op['account'], draft.get('meta'), data['recipients']
    refuse(data['keeperSet'] != rules['keepers']['version'], 'keepers-unknown')
    message = message_id(net.id, me, recipients, data['envelopeHash'])
    refuse(draft.get('messages', message), 'message-settled')
    lines, carriage = quote(draft, rules, me, data, named=op['lines'])
    base_price = asked_at(rules, meta, meta['time'])['basePrice']
    counts = [line.pop('counts') for line in lines]
    demand = with_demand(meta['demand'], carriage + sum(count['demand'] for count in counts), base_price)
    draft.set('meta', demand=demand)
    paid, automatic = [], data['automatic']
    for line, count, named in zip(lines, counts, op['lines']):
        to, by_sender, key = line['recipient'], line['payer'] == 'sender', pair_key(me, line['recipient'])
        pair = draft.get('pairs', key)
        sides = sides_in(rules, pair, me, to, meta['epoch'])
        granted = line.pop('granted')
        kind = 'exchange' if granted else kind_of(rules, sides, meta['time'], automatic)
        new = kind == 'first' and letters(sides['theirs']) == 0 and not sides['mine']['acquainted']
        pair = pair_wrote(rules, pair, meta['epoch'], side_of(me, to), kind, automatic, granted, new)
        # The first letter back answers all that they wrote as strangers; a program's answers nothing.
        if not automatic:
            count_letters(draft, me, answered=sides['theirs']['asStranger'])
            pair = pair_with(rules, pair, meta['epoch'], side_of(to, me), asStranger=0)
        count_letters(draft, to, received=int(new))
        draft.put('pairs', key, pair)
        weighs = kind == 'exchange' and not granted and not owes_answer(sides, automatic)
        paid.append({'address': to, 'fee': count['fee'] * by_sender, 'burned': count['burned'] * by_sender,
                     'asStranger': count['asStranger'] * weighs,
                     # What they got is what was named, which may be more than is asked.
                     'credit': named['amount'] if named['from'] == 'funds' else line['credit'],
                     'stranger': new, 'verdict': None, 'given': 0})
    draft.put('messages', message, {
        'sender': me, 'epochKey': data['epochKey'], 'height': meta['height'], 'epoch': meta['epoch'],
        'basePrice': base_price, 'sizeClass': data['sizeClass'], 'automatic': automatic,
        'keptUntil': kept_until(meta['time'], data['lifetimeDays']), 'recipients': paid})
    payee = payee_of(rules, message)
    burned, share = (sum(line[part] for line in lines) for part in ('burned', 'operators'))
    # A share of nothing may be left out, and more than is asked may be given to whose turn it is.
    return asks(
        carriage + burned + (0 if payee else share), {'payee': payee, 'amount': share} if payee else None,
        [{'address': line['recipient'], 'amount': line['credit'], 'from': 'funds'} if line['payer'] == 'sender'
         else {'address': line['recipient'], 'amount': line['paid'], 'from': 'allowance'} for line in lines],
        {'message': message, 'basePrice': base_price, 'carriage': carriage, 'payee': payee, 'lines': lines})

def payee_of(rules, message):
    """Whose turn it is to get the operators' share, by the first 8 bytes of the message's id."""
    payees = rules['operators'] + rules['keepers']['members']
    turns = [payee['address'] for payee in payees for _ in range(payee['weight'])]
    return turns[number_of(message[:8]) % len(turns)] if turns else None

@settles('ack')
def ack(draft, net, op, data):
    rules, me, epoch = net.rules, op['account'], draft.get('meta')['epoch']
    settled = draft.get('messages', data['message'])
    refuse(not settled, 'message-unknown')
    refuse((settled['sender'], settled['epochKey']) != (data['sender'], data['senderKey']), 'message-other')
    mine = next((part for part in settled['recipients'] if part['address'] == me), None)
    refuse(not mine, 'not-recipient')
    refuse(epoch > settled['epoch'] + rules['ackWindowEpochs'], 'ack-late')
    refuse(mine['verdict'], 'ack-repeated')
    if data['epochKey']:
        weigh(draft, rules, me, data, {**settled, **mine})
    if data['giveBack']:
        check_giving(data['giveBack'], mine)
    change_part(draft, data['message'], mine, verdict=data['verdict'], given=mine['given'] + data['giveBack'])
    if data['verdict'] in ('spam', 'abuse'):
        # A flag ends the acquaintance.
        key, since = pair_key(me, data['sender']), draft.get('meta')['time'] + rules['expiryMaxMs']
        closed = pair_closed(rules, draft.get('pairs', key), epoch, side_of(me, data['sender']), since)
        draft.put('pairs', key, closed)
    return asks(rules['inclusionFee'] if data['giveBack'] else 0)

@settles('giveBack')
def give_back(draft, net, op, data):
    settled = draft.get('messages', data['message'])
    refuse(not settled, 'message-unknown')
    refuse(settled['sender'] != data['sender'], 'message-other')
    mine = next((part for part in settled['recipients'] if part['address'] == op['account']), None)
    refuse(not mine, 'not-recipient')
    check_giving(data['amount'], mine)
    change_part(draft, data['message'], mine, given=data['amount'])
    return asks(net.rules['inclusionFee'])

def check_giving(amount, part):
    """Once for a message, and no more than the reader got for it."""
    refuse(part['given'] > 0, 'give-back-repeated')
    refuse(amount > part['credit'], 'give-back-over')

def change_part(draft, message, part, **fields):
    """Change one recipient's part of a message, and count what that makes of a stranger's letter."""
    after = {**part, **fields}
    parts = [after if one is part else one for one in draft.get('messages', message)['recipients']]
    draft.set('messages', message, recipients=parts)
    if part['stranger']:
        was, now = reading_of(part), reading_of(after)
        count_letters(draft, part['address'], **{name: now[name] - was[name] for name in now})

def reading_of(part):
    """What one letter counts: given back only where all of it was, and not where it is flagged."""
    is_flagged = part['verdict'] in ('spam', 'abuse')
    return {'valued': int(part['verdict'] == 'value'), 'flagged': int(is_flagged),
            'givenBack': int(0 < part['given'] == part['credit'] and not is_flagged)}

def count_letters(draft, reader, **letters):
    """Count strangers' letters at a reader, from 0 up to what four bytes hold; nothing is written where nothing counts."""
    if any(letters.values()):
        nothing = {'received': 0, 'answered': 0, 'valued': 0, 'flagged': 0, 'givenBack': 0}
        before = draft.get('readers', reader) or nothing
        draft.put('readers', reader, {
            name: min(max(size + letters.get(name, 0), 0), 2 ** 32 - 1) for name, size in before.items()})

def weigh(draft, rules, me, data, paid):
    """Let a verdict by the owner of a pass weigh on the pass that the message was sent under."""
    own, other, terms, meta = data['epochKey'], data['senderKey'], rules['reputation'], draft.get('meta')
    acker = good_pass(draft, rules, own, me)
    accused = other and draft.get('passes', other)
    if not accused or data['verdict'] == 'abstain' or other == own:
        return
    if meta['epoch'] > accused['epoch'] + rules['ackWindowEpochs']:
        return
    tier = effective_tier(rules, acker['tier'], acker['negative'])
    key, side = pair_key(data['sender'], me), side_of(data['sender'], me)
    pair = draft.get('pairs', key)
    if data['verdict'] == 'value':
        full = value_weight(rules, paid, tier, pair_in(rules, pair, meta['epoch'])[side]['valued'])
        weight = within(terms['valueBudget'] * COUNT_ONE, acker['valueSpent'], full)
        if weight:
            draft.put('pairs', key, pair_valued(rules, pair, meta['epoch'], side))
            draft.set('passes', own, valueSpent=acker['valueSpent'] + weight)
            draft.set('passes', other, positive=min(accused['positive'] + weight, 2 ** 40))
        return
    held = (draft.get('flags', own + other) or {'weight': 0})['weight']
    # In an exchange what a stranger would have paid, once a pair until that was paid again.
    as_stranger = paid['asStranger'] > 0 and not pair_in(rules, pair, meta['epoch'])[side]['weighed']
    counted = {**paid, 'fee': paid['asStranger'] if as_stranger else paid['fee']}
    full = flag_weight(rules, counted, tier, data['verdict'])
    affordable = within(terms['flagBudget'] * COUNT_ONE, acker['flagSpent'], full)
    weight = within(terms['flagMax'] * COUNT_ONE, held, affordable)
    if weight:
        draft.put('flags', own + other, {'weight': held + weight})
        if as_stranger:
            draft.put('pairs', key, pair_with(rules, pair, meta['epoch'], side, weighed=True))
        draft.set('passes', own, flagSpent=acker['flagSpent'] + weight)
        negative = min(accused['negative'] + weight, 2 ** 40)
        since = meta['time'] + rules['expiryMaxMs']
        draft.set('passes', other, negative=negative, falls=falls_with(rules, accused, negative, since),
                  badFrom=bad_from(rules, accused, negative, since))

def grow(draft, tree, leaf):
    """Append a leaf to a tree; its index. Every node that is complete with it is written down."""
    number, depth = TREES[tree]
    before = draft.get('trees', U8.write(number))
    edge, completed = append(before, leaf, depth)
    draft.put('trees', U8.write(number), edge)
    for node in completed:
        key = bytes([number, node['level']]) + U40.write(node['index'])
        draft.put('nodes', key, {'node': node['node']})
    return before['count']

def need_room(draft, tree):
    number, depth = TREES[tree]
    refuse(draft.get('trees', U8.write(number))['count'] >= 4 ** depth, 'tree-full')

def is_proven(draft, net, op):
    data = op['action']['data']
    checkpoint = draft.get('checkpoints', U32.write(data['epoch']) + U8.write(data['checkpoint']))
    is_known = checkpoint and data['epoch'] == draft.get('meta')['epoch']
    return bool(is_known) and statement_of(net, op, checkpoint)['proof'] == net.good_proof

def need_checkpoint(draft, data):
    """The checkpoint that an op names must be one of this epoch."""
    checkpoint = draft.get('checkpoints', U32.write(data['epoch']) + U8.write(data['checkpoint']))
    refuse(not checkpoint or data['epoch'] != draft.get('meta')['epoch'], 'checkpoint-unknown')

def need_proof(draft, net, op):
    """And the proof must hold."""
    need_checkpoint(draft, op['action']['data'])
    refuse(not is_proven(draft, net, op), 'unproven')

@settles('pass')
def take_pass(draft, net, op, data):
    meta, me = draft.get('meta'), op['account']
    refuse(data['tier'] > len(net.rules['reputation']['scores']), 'tier-unknown')
    refuse((draft.get('passOf', me) or {'epoch': 0})['epoch'] == meta['epoch'], 'pass-repeated')
    is_used = not 0 < number_of(data['epochKey']) < LAST_KEY or draft.get('passes', data['epochKey'])
    refuse(is_used, 'epoch-key-used')
    refuse(meta['passes'] >= 4 ** VERDICT_DEPTH - 1, 'epoch-full')
    rules, taken = net.rules['identity'], asked_at(net.rules, meta, meta['time'])['passes']
    fee = rules['passFee'] << min(taken // rules['passStep'], 40)
    need_proof(draft, net, op)
    draft.add('meta', passes=1)
    entry = {'tier': data['tier'], 'checkpoint': data['checkpoint']}
    draft.put('epochKeys', U32.write(meta['epoch']) + data['epochKey'], entry)
    draft.put('passOf', me, {'epoch': meta['epoch'], 'epochKey': data['epochKey']})
    draft.put('passes', data['epochKey'], {'pseudonym': me, 'epoch': meta['epoch'], 'tier': data['tier'],
                                           'positive': 0, 'negative': 0, 'valueSpent': 0, 'flagSpent': 0,
                                           'falls': [], 'badFrom': None})
    return asks(fee)

@settles('enroll')
def enroll(draft, net, op, data):
    key = Field.write(data['commitment'])
    refuse(draft.get('enrolments', key), 'enrolled-already')
    need_room(draft, 'identities')
    draft.put('enrolments', key, {'leaf': grow(draft, 'identities', purpose('first', data['commitment']))})
    return asks(net.rules['identity']['enrolFee'] + net.rules['inclusionFee'])

@settles('renew')
def renew(draft, net, op, data):
    key, given, meta = Field.write(data['nullifier']), data['endorsement'], draft.get('meta')
    refuse(draft.get('nullifiers', key), 'nullifier-used')
    if given:
        target = draft.get('passes', given['target'])
        refuse(given['amount'] not in net.rules['identity']['endorsements'], 'denomination-unknown')
        is_open = target and meta['epoch'] <= target['epoch'] + net.rules['ackWindowEpochs']
        refuse(not is_open, 'target-unknown')
    need_room(draft, 'identities')
    need_proof(draft, net, op)
    if given:
        half = given['amount'] * COUNT_ONE // 2
        draft.set('passes', given['target'], positive=min(target['positive'] + half, 2 ** 40))
    draft.put('nullifiers', key, {
        'epoch': meta['epoch'], 'height': meta['height'], 'leaf': grow(draft, 'identities', data['leaf']),
        'endorsed': given['amount'] if given else 0})
    return asks(0)

@settles('stampBuy')
def stamp_buy(draft, net, op, data):
    need_room(draft, 'stamps')
    return asks(net.rules['inclusionFee'])

@settles('stampRedeem')
def stamp_redeem(draft, net, op, data):
    need_checkpoint(draft, data)
    keys, fee = data['registration'], net.rules['inclusionFee']
    if keys:
        draft.put('sealKeys', data['to'], {'sealKey': keys['sealKey']})
    return asks(fee, lines=[{'address': data['to'], 'amount': data['denomination'] - fee, 'from': 'funds'}])

def take_checkpoint(draft, which):
    """The roots of the trees, as proofs are about them from now on."""
    meta = draft.get('meta')
    edges = {name: draft.get('trees', U8.write(number)) for name, (number, _) in TREES.items()}
    roots = {f'{name}Root': root_of(edges[name], depth) for name, (_, depth) in TREES.items()}
    counts = {name: edges[name]['count'] for name in ('identities', 'stamps')}
    draft.put('checkpoints', U32.write(meta['epoch']) + U8.write(which), {'time': meta['time'], **roots, **counts})

def commit_verdicts(draft, net, verdict_root):
    """The verdicts of the epoch before last become a leaf, a while after the last closed, before the next closes."""
    meta = draft.get('meta')
    due_at = min(meta['epochStart'] + net.rules['identity']['verdictDelayMs'], meta['epochEnd'])
    if meta['committedAt'] or meta['epoch'] >= 4 ** TREES['history'][1] or meta['time'] < due_at:
        return
    if meta['epoch'] > 2:
        grow(draft, 'history', verdict_root(meta['epoch'] - 2))
    draft.set('meta', committedAt=meta['time'], checkpoint=0)
    take_checkpoint(draft, 0)

def advance_checkpoint(draft, rules, before):
    """The checkpoints of an epoch lie evenly from the commitment to its end; one is taken where the trees grew."""
    meta, size = draft.get('meta'), rules['identity']['checkpoints']
    if not meta['committedAt']:
        return

    def which(at):
        length = meta['epochEnd'] - meta['committedAt']
        return min((at - meta['committedAt']) * size // length, size - 1) if length > 0 else size - 1
    due = which(meta['time'])
    last = draft.get('checkpoints', U32.write(meta['epoch']) + U8.write(meta['checkpoint']))
    grew = any(draft.get('trees', U8.write(TREES[name][0]))['count'] != last[name] for name in ('identities', 'stamps'))
    if due not in (0, which(before)) and grew:
        draft.set('meta', checkpoint=due)
        take_checkpoint(draft, due)

def close_epoch(draft, rules):
    """Where its time is over."""
    meta = draft.get('meta')
    at = advance_epoch(rules, meta, meta['time'])
    if at['epoch'] != meta['epoch']:
        draft.set('meta', **at, passes=0, committedAt=0, checkpoint=0)

def open_batch(draft, net, at, verdict_root):
    """What comes before the ops of a batch: time moves, and what its time has come for happens."""
    meta = draft.get('meta')
    draft.set('meta', **advance_market(net.rules, meta, at), time=at, height=meta['height'] + 1,
              lows=with_low(net.rules, meta['lows'], at, meta))
    if at >= meta['epochEnd']:
        commit_verdicts(draft, net, verdict_root)
    close_epoch(draft, net.rules)
    meta_now = draft.get('meta')
    draft.set('meta', lows=with_low(net.rules, meta_now['lows'], at, meta_now))
    commit_verdicts(draft, net, verdict_root)
    advance_checkpoint(draft, net.rules, meta['time'])

def genesis_of(net):
    """The state that a network begins with."""
    rules, genesis, draft = net.rules, net.genesis, Draft()
    begun = {name: 0 for name in ('height', 'demand', 'passes', 'committedAt', 'checkpoint')}
    draft.put('meta', b'', {
        **begun, 'time': genesis['time'], 'epoch': 1, 'epochStart': genesis['time'], 'since': genesis['time'],
        'epochEnd': genesis['time'] + rules['epochMs'], 'basePrice': rules['price']['start'], 'lows': []})
    holders = {some['address']: some['amount'] for some in genesis['grants']}
    for payee in rules['operators'] + rules['keepers']['members']:
        holders.setdefault(payee['address'], 0)
    draft.put('supply', b'', {'minted': sum(holders.values()), 'burned': 0, 'slots': len(holders)})
    for slot, (address, amount) in enumerate(holders.items()):
        draft.put('accounts', address, new_account(slot, amount))
    for name, (number, _) in TREES.items():
        # An epoch's place in the history is its number, and epochs are numbered from 1.
        edge = {'count': 1, 'levels': [[0]]} if name == 'history' else {'count': 0, 'levels': []}
        draft.put('trees', U8.write(number), edge)
    return draft

def worth(table, record):
    """What a record adds to the money held, less what it adds to the money that should be held."""
    if not record or table not in ('accounts', 'allowances', 'pools', 'supply', 'withdrawals'):
        return 0
    return record['burned'] - record['minted'] if table == 'supply' else record.get('funds', record.get('amount'))

def imbalance(draft, below):
    """minted − burned = funds + allowances + stamps + withdrawals, or money was made or lost."""
    below = below or Draft()
    return sum(worth(table, record) - worth(table, below.get(table, key))
               for (table, key), record in draft.written.items())

# -------------------------------------------------------------------------------------------- batches: how they commit

def rising(factors):
    order = [FACTORS[factor['name']] for factor in factors]
    return all(one < other for one, other in zip(order, order[1:]))

Line = struct(
    recipient=Address, payer=Payer,
    factors=checked(listed(struct(name=word(FACTORS), basisPoints=U64)), rising, 'factors stand by rising number'),
    floor=U64, fee=U64, paid=U64, credit=U64, burned=U64, operators=U64)
Outcome = struct(op=Hash, result=tagged(
    settled=(1, struct(sent=optional(struct(
        message=Hash, basePrice=U64, carriage=U64, payee=optional(Address), lines=listed(Line))))),
    undelivered=(2, struct(reason=word(SHORTCOMINGS))), void=(3, Nothing)))
MerklePath = listed(Hash, 0, 32)
Receipt = struct(sealed=SealedHeader, index=U32, op=sized(OP_BYTES_MAX), opPath=MerklePath, outcome=sized(65_536),
                 outcomePath=MerklePath)
AccountProof = struct(address=Address, slot=U32, record=sized(256), siblings=listed(Hash, 48, 48), chain=Hash)

def chain_hash(previous, changes):
    """32 bytes: what was written to every table but the accounts, by number of the table and by key."""
    parts = []
    for (table, key), record in sorted(changes.items(), key=lambda item: (TABLES[item[0][0]][0], item[0][1])):
        if table != 'accounts':
            data = encoded(table, record)
            parts += [bytes([TABLES[table][0], len(key), data is not None]), key, sized().write(data or b'')]
    return tagged_hash('changes', previous, *parts)

def account_leaves(state):
    """The leaves of all accounts, by slot."""
    accounts = [(record['slot'], key, record) for (table, key), record in state.written.items() if table == 'accounts']
    return [account_leaf(slot, key, encoded('accounts', record)) for slot, key, record in sorted(accounts)]

def verdict_root_in(state, epoch):
    return verdict_levels([
        {'key': number_of(key), 'positive': record['positive'], 'negative': record['negative']}
        for (table, key), record in state.written.items() if table == 'passes' and record['epoch'] == epoch])[-1][0]

def same_changes(changes, draft):
    """What is written from then on, in any order."""
    said = set()
    for entry in each('changes', changes):
        table, number, key, hex_ = only(entry, 'table number key hex')
        record_of(table, number, key, hex_)
        said.add((table, unhex(key)))
        same(f'{table} {key}', hex_, encoded(table, draft.written[table, unhex(key)]))
    holds('just these records are written', len(said) == len(changes) and said == draft.written.keys())

def read_batches(v, net):
    batches, receipts, accounts, openings = only(v, 'batches receipts accounts openings')
    read_openings(openings, net)
    state, links = Draft(), []
    for entry in each('batches', batches):
        links.append(read_batch(entry, net, state, links[-1] if links else None))
    for entry in each('receipts', receipts):
        height, index, value, hex_ = only(entry, 'height index value hex')
        link = links[height]
        hashes, ends = [*map(leaf_hash, link.ops)], [*map(leaf_hash, link.outcomes)]
        built = {'sealed': link.sealed, 'index': index, 'op': link.ops[index], 'opPath': merkle_path(hashes, index),
                 'outcome': link.outcomes[index], 'outcomePath': merkle_path(ends, index)}
        same('value', value, built)
        same('hex', hex_, Receipt.write(built))
        read, header = decode(Receipt, unhex(hex_)), link.sealed['header']
        for part, path, root in (('op', 'opPath', 'opsRoot'), ('outcome', 'outcomePath', 'outcomeRoot')):
            leads = merkle_leads(leaf_hash(read[part]), index, header['opCount'], read[path], header[root])
            holds(f'the {part} is in the batch', leads)
        holds('the outcome is of the op', decode(Outcome, read['outcome'])['op'] == op_id(net.id, read['op']))
    levels = accounts_levels(account_leaves(state))
    for entry in each('accounts', accounts):
        height, account, value, hex_ = only(entry, 'height account value hex')
        address, link = unhex(value['address']), links[height]
        record = state.get('accounts', address)
        data, siblings = encoded('accounts', record), siblings_of(levels, record['slot'], ZERO)
        built = {'address': address, 'slot': record['slot'], 'record': data, 'siblings': sum(siblings, []),
                 'chain': link.chain}
        same('account', account, record)
        same('value', value, built)
        same('hex', hex_, AccountProof.write(built))
        holds('its hex is strict', decode(AccountProof, unhex(hex_)) == built)
        root = climb(account_leaf(record['slot'], address, data), record['slot'], siblings, accounts_node)
        state_root = tagged_hash('state', root, link.chain)
        holds('it leads to the state root', link is links[-1] and state_root == link.sealed['header']['stateRoot'])

def read_openings(v, net):
    """A chain under other rules, of which nothing is hashed: what its batches do, from the genesis on."""
    rules, batches = only(v, 'rules batches')
    net = under(net, rules)
    state = genesis_of(net)
    for entry in each('openings', batches):
        name, time, roots, ops, changes = only(entry, 'name time verdictRoots ops changes')
        draft = opened(net, state, time, roots)
        for one in each('ops', ops):
            hex_, became = only(one, 'hex became')
            applied = apply(draft, net, read_entry(net.id, net.rules, unhex(hex_)))
            same('became', became, applied.kind)
            merged(draft, applied.draft or Draft())
        same_changes(changes, draft)
        holds('no money is made or lost', imbalance(draft, state) == 0)
        state.written.update(draft.written)

def opened(net, state, time, roots):
    """A draft over a state after the opening of a batch; what a batch is told beside its ops follows from the state."""
    epochs = range(1, state.get('meta')['epoch'] + 1)
    same('verdictRoots', roots, {str(epoch): verdict_root_in(state, epoch) for epoch in epochs})
    draft = Draft(state)
    open_batch(draft, net, int(time), lambda epoch: int(roots[str(epoch)]))
    return draft

def read_batch(entry, net, state, before):
    """Replay a batch over the state, which goes on with it, and compare all that it commits to."""
    height, time, roots, ops, outcomes, changes, chain, root, state_root, header, sealed = only(
        entry, 'height time verdictRoots ops outcomes changes chain accountsRoot stateRoot header sealed')
    entries, applied = [], []
    if before:
        draft = opened(net, state, time, roots)
    else:
        same('verdictRoots', roots, {})
        draft = genesis_of(net)
    for one in each('ops', ops):
        hex_, id_, became = only(one, 'hex id became')
        read = read_entry(net.id, net.rules, unhex(hex_))
        done = apply(draft, net, read)
        entries.append(read.bytes)
        same('id', id_, read.id)
        same('became', became, done.kind)
        merged(draft, done.draft or Draft())
        result = {'settled': {'sent': done.sent}, 'undelivered': {'reason': done.reason}, 'void': {}}[done.kind]
        applied.append({'op': read.id, 'result': {'TAG': done.kind, 'data': result}})
    same('outcomes', outcomes, [{'value': outcome, 'hex': Outcome.write(outcome)} for outcome in applied])
    holds('outcomes are strict', [decode(Outcome, unhex(outcome['hex'])) for outcome in outcomes] == applied)
    same_changes(changes, draft)
    holds('no money is made or lost', imbalance(draft, state) == 0)
    link = SimpleNamespace(ops=entries, outcomes=[*map(Outcome.write, applied)],
                           chain=chain_hash(before.chain if before else ZERO, draft.written))
    same('chain', chain, {'before': before.chain if before else ZERO, 'after': link.chain})
    state.written.update(draft.written)
    meta, accounts = state.get('meta'), accounts_root(account_leaves(state))
    same('accountsRoot', root, accounts)
    made = {
        'network': net.id, 'height': meta['height'], 'time': meta['time'], 'epoch': meta['epoch'],
        'previous': header_hash(before.sealed['header']) if before else ZERO, 'opCount': len(ops),
        'opsRoot': merkle_root([*map(leaf_hash, link.ops)]),
        'outcomeRoot': merkle_root([*map(leaf_hash, link.outcomes)]),
        'stateRoot': tagged_hash('state', accounts, link.chain)}
    same('height', height, made['height'])
    same('time', time, made['time'])
    was = before.sealed['header']['stateRoot'] if before else None
    same('stateRoot', state_root, {'before': was, 'after': made['stateRoot']})
    same('header', header, {'value': made, 'hex': Header.write(made), 'hash': header_hash(made)})
    link.sealed = decode(SealedHeader, unhex(sealed))
    same('sealed', sealed, SealedHeader.write({**link.sealed, 'header': made}))
    # Nobody signs the genesis: everybody makes it for themselves.
    holds('the host’s signature', is_hosts(net, link.sealed) if before else not any(link.sealed['signature']))
    return link

# -------------------------------------------------------------------------------------------------------------- ledger

def read_ledger(v, net):
    """Each transition begins with the world and with what `pre` changes in it."""
    entries, transitions = only(v, 'world transitions')
    world = Draft()
    for entry in each('world', entries):
        table, number, key, hex_ = only(entry, 'table number key hex')
        world.put(table, unhex(key), record_of(table, number, key, hex_))
        same('hex', hex_, encoded(table, world.get(table, unhex(key))))
    holds('the world balances', imbalance(world, None) == 0)
    holds('what every operation does is known', SETTLES.keys() == OPERATIONS.keys())
    for entry in transitions:
        with inside(entry['name']):
            read_transition(entry, net, world)

def read_transition(entry, net, world):
    """An op that settles; or that pays what it names, and is no mail; or that is void."""
    names = {'settled': 'changes', 'undelivered': 'changes reason', 'void': 'reason void'}[entry['became']]
    only(entry, 'name pre op became ' + names + ''.join(f' {name}' for name in ('rules', 'quotes') if name in entry))
    before, net = Draft(world), under(net, entry['rules']) if 'rules' in entry else net
    for change in each('pre', entry['pre']):
        table, number, key, hex_ = only(change, 'table number key hex')
        before.put(table, unhex(key), record_of(table, number, key, hex_))
        same('hex', hex_, encoded(table, before.get(table, unhex(key))))
    read = read_op(net.id, net.rules, unhex(entry['op']))
    for quoted in each('quotes', entry.get('quotes', [])):
        read_quotes(quoted, net, before, read.op)
    same_became(entry, apply(before, net, read), before)

def same_became(entry, applied, before):
    """What became of an entry, and why, and what it changed."""
    same('became', entry['became'], applied.kind)
    same('reason', entry.get('reason'), applied.reason)
    same('void', entry.get('void'), applied.void)
    if applied.draft:
        same_changes(entry['changes'], applied.draft)
        holds('no money is made or lost', imbalance(applied.draft, before) == 0)

def world_of():
    """The world that transitions begin with, and all that is applied by itself."""
    world = Draft()
    for entry in VECTORS['ledger']['world']:
        world.put(entry['table'], unhex(entry['key']), record_of(*(entry[name] for name in RECORD)))
    return world

def read_custody(v, net):
    """Money parts upon the world of the ledger: what each changes, or why it is void."""
    tables, entries, unread, signed = only(v, 'tables moves unread signed')
    same('tables', tables, 'supply, accounts, allowances, pools, notes, spent, withdrawals')
    world = world_of()
    for entry in each('unread', unread):
        name, part = only(entry, 'name part')
        same('part', 'malformed', refusal_of(lambda: money_of(decode(Part, unhex(part)))))
    for entry in each('signed', signed):
        name, data, said = only(entry, 'name hex ' + ('money' if 'money' in entry else 'reason'))
        if 'money' in entry:
            same('money', said, read_money(unhex(data))[1])
        else:
            same('reason', said, refusal_of(lambda: read_money(unhex(data))))
    for entry in each('moves', entries):
        only(entry, 'name pre part money told ' + ('changes' if 'changes' in entry else 'void'))
        before = Draft(world)
        for change in entry['pre']:
            before.put(change['table'], unhex(change['key']), record_of(*(change[name] for name in RECORD)))
        told, part = entry['told'], decode(Part, unhex(entry['part']))
        same('part', entry['part'], Part.write(part))
        same('money', entry['money'], money_of(part))
        given = {'time': net.genesis['time'], 'stamps': net.rules['identity']['stamps'],
                 'paysOut': told['paysOut'],
                 **{name: (lambda *_, holds=told[name]: holds) for name in ('signed', 'agreed', 'proven')}}
        try:
            draft = move(before, money_of(part), given)
        except Refused as no:
            same('void', entry.get('void'), str(no))
            continue
        same_changes(entry['changes'], draft)
        holds('no money is made or lost', imbalance(draft, before) == 0)

RECORD = ('table', 'number', 'key', 'hex')

def read_quotes(quoted, net, state, op):
    """What is quoted before a send, by a clock, until some times."""
    now, until, asked = only(quoted, 'now holds asked')
    draft, data = Draft(state), op['action']['data']
    draft.set('meta', time=int(now))
    same('holds', until, holds_until(draft, net.rules, data['epochKey']))
    for entry in each('asked', asked):
        until, *said = only(entry, 'until ' + ('cost carriage' if 'cost' in entry else 'reason'))
        try:
            lines, carriage = quote(draft, net.rules, op['account'], data, int(until))
            same('cost', said, [sum(line['paid'] for line in lines if line['payer'] == 'sender'), carriage])
        except Refused as no:
            same('reason', said, [str(no)])

# ------------------------------------------------------------------------------------------------------------- refused

def refusal_of(do, *values):
    """Why something is refused; None where it is not."""
    try:
        do(*values)
    except Malformed:
        return 'malformed'
    except Refused as no:
        return str(no)
    return None

def read_refused(v, net):
    modulus, ops, envelopes, encodings, addresses, signatures = only(
        v, 'modulus ops envelopes encodings addresses signatures')
    same('modulus', modulus, MODULUS)
    world = world_of()
    for entry in each('ops', ops):
        only(entry, 'name hex reason became ' + ('void' if entry['became'] == 'void' else 'changes'))
        read = read_entry(net.id, net.rules, unhex(entry['hex']))
        same('reason', entry['reason'], read.reason)
        holds('it is no op', read.op is None)
        # In a batch it pays all the same, where custody can read it.
        same_became(entry, apply(world, net, read), world)
    for entry in each('envelopes', envelopes):
        name, hex_, demand, reason = only(entry, 'name hex demand reason')
        asked = only(demand, 'recipientsCount maxSizeClass keeperSet threshold keepers')
        same('reason', reason, refusal_of(check_envelope, decode(Envelope, unhex(hex_)), *asked))
    codecs = {**MESSAGES, 'Header': Header, 'Envelope': Envelope, 'Outcome': Outcome, 'Rules': Rules,
              'Receipt': Receipt, 'AccountProof': AccountProof}
    for entry in each('encodings', encodings):
        name, codec, hex_, reason = only(entry, 'name codec hex reason')
        same('reason', reason, refusal_of(decode, codecs[codec], unhex(hex_)))
    for entry in each('addresses', addresses):
        name, said = only(entry, 'name text')
        holds('the address is refused', address_from(said) is None)
    for entry in each('signatures', signatures):
        name, digest, signature, key, is_good, is_low = only(entry, 'name digest signature key holds isLowS')
        same('holds', is_good, verify(unhex(digest), unhex(key), unhex(signature)))
        same('isLowS', is_low, is_low_s(unhex(signature)))

# ---------------------------------------------------------------------------------------------------------------- main

FILES = {
    'lists': read_lists, 'network': read_network, 'hashes': read_hashes, 'operations': read_operations,
    'records': read_records, 'merkle': read_merkle, 'accounts': read_accounts, 'envelopes': read_envelopes,
    'gossip': read_gossip, 'identities': read_identities, 'trees': read_trees, 'fees': read_fees,
    'prices': read_prices, 'reputation': read_reputation, 'batches': read_batches, 'ledger': read_ledger,
    'custody': read_custody, 'refused': read_refused,
}

def main():
    began, net = perf_counter(), None
    with inside('network.json'):
        net = network_of(VECTORS['network'])
    total = SimpleNamespace(values=0, computed=0, checks=0)
    for name in [*FILES, *sorted(VECTORS.keys() - FILES.keys())]:
        count.computed = count.checks = 0
        values, before = VECTORS.get(name), len(wrong)
        with inside(f'{name}.json'):
            if name not in FILES or values is None:
                raise ValueError('there is no such file' if name in FILES else 'nothing here reads this file')
            same('wire', values['wire'], WIRE)
            holds('there is something in each section', all(section not in ([], {}) for section in values.values()))
            FILES[name]({key: value for key, value in values.items() if key != 'wire'}, net)
        size = size_of(values) if values else 0
        total.values, total.computed, total.checks = (
            total.values + size, total.computed + count.computed, total.checks + count.checks)
        bad = f', {len(wrong) - before} WRONG' if len(wrong) > before else ''
        print(f'{name + ".json":16} {size:6,} values, {count.computed:6,} computed again, '
              f'{count.checks:5,} other checks{bad}')
    for sentence in wrong[:50]:
        print(sentence, file=sys.stderr)
    print(f'{total.values:,} values read, {total.computed:,} computed again, {total.checks:,} other checks, '
          f'{len(wrong)} wrong, in {perf_counter() - began:.0f} s')
    return 1 if wrong else 0

if __name__ == '__main__':
    sys.exit(main())
