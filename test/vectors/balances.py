"""
Follows every balance of a network by money parts alone, as "What others mirror" in protocol/README.md says. Python 3.11
and nothing else: `npm run demo -- --log LOG`, then `python3 test/vectors/balances.py LOG`. Signatures of accounts are
checked here; whether a key that is brought agrees, and whether a proof holds, the log tells of each operation ("holds").
What the network says of balances ("says") is only compared, at the end. It ends with 1 where anything differs.
"""
import json
import sys
from collections import Counter
from copy import deepcopy
from hashlib import sha256
from types import SimpleNamespace

NOBODY = bytes(20)
FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617  # BN254's: notes, nullifiers
P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # and N, B, G: P-256
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)

def number(data):
    return int.from_bytes(data, 'big')

def tagged(name, *parts):
    tag = sha256(f'bmail/{name}/1'.encode()).digest()
    return sha256(tag + tag + b''.join(parts)).digest()

def added(a, b):
    """The sum of two points of P-256; None is the one at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0]**2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P

def is_signed(digest, key, signature):
    x, r, s = number(key[1:]), number(signature[:32]), number(signature[32:])
    y = pow(x**3 - 3 * x + B, (P + 1) // 4, P)
    if key[0] not in (2, 3) or x >= P or (y**2 - x**3 + 3 * x - B) % P or not (0 < r < N and 0 < s <= N // 2):
        return False
    point = (x, y if y % 2 == key[0] % 2 else P - y)
    u, v = number(sha256(digest).digest()) * pow(s, -1, N) % N, r * pow(s, -1, N) % N
    sums, total = (None, point, G, added(G, point)), None
    for bit in range(255, -1, -1):
        total = added(added(total, total), sums[2 * (u >> bit & 1) + (v >> bit & 1)])
    return total is not None and total[0] % N == r

class Void(Exception): """The operation does nothing at all."""

def need(holds):
    if not holds:
        raise Void

def money_of(raw):
    """What stands at the places of a money part, and the signature at the end."""
    need(142 <= len(raw) <= 4096 and raw[74] <= 100 and len(raw) >= 142 + 29 * raw[74])
    lines = range(75, 75 + 29 * raw[74], 29)
    deed = lines.stop + 1
    mail = deed + raw[deed - 1] + 2
    need(len(raw) == mail + number(raw[mail - 2:mail]) + 64)
    return SimpleNamespace(
        version=raw[0], account=raw[1:21], nonce=number(raw[21:29]), expiry=number(raw[29:37]), kind=raw[37],
        burn=number(raw[38:46]), payee=raw[46:66], share=number(raw[66:74]), deed=raw[deed:mail - 2],
        lines=[(raw[at:at + 20], number(raw[at + 20:at + 28]), raw[at + 28]) for at in lines], signature=raw[-64:])

def key_in(m):
    """The key that a deed brings, once the deed is one of its kind."""
    key, at = {1: 0, 2: 1, 13: 41}.get(m.kind), len(m.deed)
    need(at in {1: (34, 98), 2: (1, 98), 7: (28,), 8: (20,), 12: (40,), 13: (41, 138), 15: (28,)}.get(m.kind, (0,)))
    need(m.kind not in (1, 2, 13) or m.deed[{1: 33, 2: 0, 13: 40}[m.kind]] == (at in (98, 138)))
    need(m.kind not in (12, 13) or number(m.deed[8:40]) < FIELD)
    return m.deed[key:key + 33] if key is not None and at > key else None

def move(below, raw, version, time, holds):
    """The state after an operation; whatever it could not do in full it does not do at all."""
    state, m = deepcopy(below), money_of(raw)
    accounts, set_aside, key = state.accounts, state.set_aside, key_in(m)
    owner, me = key and tagged('address', key)[:20], accounts.get(m.account)
    is_own = m.kind == 1 and owner == m.account
    need(m.version == version and (m.share == 0 or m.payee != NOBODY))
    if m.account == NOBODY:
        need(m.nonce == m.expiry == 0 and m.signature == bytes(64) and (m.kind == 13 or m.deed in (b'', b'\0')))
        me = holding(0)
    else:
        need(me and m.nonce == me.nonce and m.expiry >= time and (me.key or is_own))
        need(is_signed(tagged('op', NETWORK, raw[:-64]), me.key or key, m.signature))
    need(holds or is_own or not (key or m.kind == 13))
    if key:  # the author's other key, or that of an address which has none
        account = me if m.kind == 2 else accounts.setdefault(owner, holding(0))
        need(m.kind == 2 or not account.key)
        account.key = key
    if m.kind == 7:
        need(m.deed[:20] != m.account and m.deed[:20] in accounts and accounts[m.deed[:20]].key)
        set_aside[m.account, m.deed[:20]] += number(m.deed[20:])
        me.funds -= number(m.deed[20:])
    elif m.kind == 8:
        me.funds += set_aside.pop((m.account, m.deed), 0)
    elif m.kind in (12, 13):  # a stamp that is bought, or redeemed
        amount, name = number(m.deed[:8]) * (1 if m.kind == 12 else -1), (m.kind, m.deed[8:40])
        need(abs(amount) in STAMPS and name not in state.names and state.pools[abs(amount)] + amount >= 0)
        state.names.add(name)
        state.pools[abs(amount)] += amount
        me.funds -= amount
    need(m.kind != 15)  # nobody pays out where no chain holds the money, and this follows no chain
    need(len({address for address, *_ in m.lines}) == len(m.lines))
    need(sum(amount for _, amount, source in m.lines if source == 1) <= m.burn)
    for address, amount, source in m.lines:
        need(source in (0, 1) and address != m.account and address in accounts and accounts[address].key)
        if source == 0:
            accounts[address].funds += amount
        else:
            need(m.account != NOBODY and set_aside[address, m.account] >= amount)
            set_aside[address, m.account] -= amount
        me.funds += amount if source == 1 else -amount
    need(m.payee == NOBODY or m.payee in accounts)
    accounts.get(m.payee, me).funds += m.share
    me.funds, me.nonce, state.burned = me.funds - m.burn - m.share, me.nonce + 1, state.burned + m.burn
    need(me.funds == 0 if m.account == NOBODY else me.funds >= 0)
    return state

def holding(funds):
    return SimpleNamespace(key=None, nonce=0, funds=funds)

if len(sys.argv) != 2: sys.exit(print('usage: python3 test/vectors/balances.py LOG', file=sys.stderr) or 2)
log = json.load(open(sys.argv[1], encoding='utf-8'))
rules, genesis, *payees = map(bytes.fromhex, [log['rules'], log['genesis'], *log['payees']])
NETWORK, STAMPS, voids = tagged('network', rules, genesis), [int(stamp) for stamp in log['stamps']], 0
grants = {genesis[at:at + 20]: number(genesis[at + 20:at + 28]) for at in range(44, len(genesis), 28)}
state = SimpleNamespace(accounts={address: holding(grants.get(address, 0)) for address in [*grants, *payees]},
                        set_aside=Counter(), pools=Counter(), names=set(), burned=0)
for batch in log['batches']:
    header = bytes.fromhex(batch['header'])
    for op in batch['ops']:
        try:
            state = move(state, bytes.fromhex(op['bytes']), header[0], number(header[41:49]), op['holds'])
        except Void:
            voids += 1

found = {'minted': sum(grants.values()), 'burned': state.burned}
for address, account in state.accounts.items():
    found |= {f'funds of {address.hex()}': account.funds, f'nonce of {address.hex()}': account.nonce}
found |= {f'set aside by {by.hex()} for {whom.hex()}': held for (by, whom), held in state.set_aside.items() if held}
found |= {f'stamps of {denomination}': held for denomination, held in state.pools.items() if held}
says = {name: int(amount) for name, amount in log['says'].items()}
wrong = sorted(name for name in found | says if found.get(name) != says.get(name))
sys.stderr.writelines(f'{name}: {found.get(name)} by operations, {says.get(name)} by the network\n' for name in wrong)
print(f'{len(log["batches"])} batches, {voids} operations void; of {len(found | says)} numbers {len(wrong)} differ')
sys.exit(1 if wrong else 0)
