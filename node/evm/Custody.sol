// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// An ERC-20 token, as far as custody speaks to it.
interface IToken {
    function balanceOf(address owner) external view returns (uint256);
}

/// @title The custody of one b-mail network on a chain
/// @notice Executes the money part of every operation as it is posted, as `protocol/custody.ts` says, and nothing else.
/// Nobody owns it, and nobody can stop or change it.
/// @dev Amounts are in the network's smallest unit, bytes as `protocol/money.ts` writes them. What has one name here and
/// there is the same. Where an operation is void is said by `false`, and then it changed nothing.
contract Custody {
    /// One address. `turn` is its next nonce and one more, 0 where it has no account. `key` is the address of its signing
    /// key, which is its own until it takes another key, and 0 where it is not registered.
    struct Account {
        uint56 funds;
        uint40 turn;
        bytes20 key;
    }

    /// All that was ever brought in, burned and taken out; how many accounts there are; and how many entries.
    struct Totals {
        uint64 minted;
        uint64 burned;
        uint64 withdrawn;
        uint32 slots;
        uint32 entries;
    }

    /// What an operation says, with the places in its bytes of what has no fixed size.
    struct Money {
        bytes20 account;
        uint256 kind;
        uint256 burn;
        bytes20 payee;
        uint256 share;
        uint256 lines;
        uint256 deed;
        uint256 deedBytes;
        uint256 mail;
        uint256 mailBytes;
    }

    /// What a deed costs and brings its author; what was set aside that it changes; whom it registers; the author's next key.
    struct Deed {
        uint256 costs;
        uint256 brings;
        bytes20 other;
        bytes20 registers;
        bytes20 key;
    }

    /// @notice Frames were posted. `root` is that of the tree over them (RFC 9162, SHA-256), in which a leaf is the bytes of
    /// an operation and one more byte, which says whether it settled.
    event Posted(uint256 indexed entry, uint256 time, bytes32 root);
    event Deposited(uint256 indexed entry, bytes20 indexed to, address indexed from, uint256 amount);
    event Withdrawn(uint256 indexed entry, address indexed to, uint256 amount);
    event Collected(address indexed to, uint256 amount);

    /// @notice The network, whose id everything is signed for.
    bytes32 public immutable network;
    /// @notice What is deposited: an ERC-20, or, where this is 0, the chain's coin; how much of it a unit is; and how many
    /// units there may be at a time.
    address public immutable token;
    uint256 public immutable unit;
    uint256 public immutable cap;

    mapping(bytes20 address_ => Account) public accounts;
    /// @notice What an address set aside for another, from which that can burn.
    mapping(bytes20 granter => mapping(bytes20 sender => uint256 amount)) public allowances;
    /// @notice The root of every entry that is a post. Posts and deposits are counted in one row, from 1.
    mapping(uint256 entry => bytes32 root) public roots;
    /// @notice What was taken out and waits to be collected.
    mapping(address to => uint256 amount) public owed;
    Totals public totals;

    /// Whether coins are on the move.
    bool private transient isMoving;
    /// Counts operations to several recipients, so that each has marks of its own.
    uint96 private transient round;

    uint256 private constant REGISTER = 1;
    uint256 private constant REKEY = 2;
    uint256 private constant ALLOW = 7;
    uint256 private constant RECLAIM = 8;
    uint256 private constant STAMP_BUY = 12;
    uint256 private constant STAMP_REDEEM = 13;
    uint256 private constant WITHDRAW = 15;
    uint256 private constant DEPOSIT = 16;

    uint256 private constant VERSION = 8;
    uint256 private constant ENTRY_MAX = 4096;
    /// Up to the lines; a line; a key that a deed brings with its signature, and the byte that says so; an encryption key.
    uint256 private constant HEAD = 75;
    uint256 private constant LINE = 29;
    uint256 private constant LINES_MAX = 100;
    uint256 private constant SEAL_KEY = 1216;
    uint256 private constant SIGNATURE = 64;
    uint256 private constant SLOTS_MAX = type(uint32).max;
    uint256 private constant MINTED_MAX = 2 ** 62 - 1;

    /// The tags of `protocol/hash.ts`, hashed: of bmail/address/1, op, consent and rekey.
    bytes32 private constant ADDRESS_TAG = 0xe5623d1e872ffda75b2616071f49f444f906df821c61ceff3897d447f098448b;
    bytes32 private constant OP_TAG = 0x5a99f8299ee4d34a876c92200ea2bb5418fe2f6ba18e42febbc650241410ce61;
    bytes32 private constant CONSENT_TAG = 0x74d0658f2ccfea780305fab9170d88d5fe6fcfcaae26f643204659e3b0a3ac06;
    bytes32 private constant REKEY_TAG = 0x85fb802c77e429df562048d8896609decac461bcaf09a0f3cd6e937bee50dbd9;

    /// P-256 (FIPS 186): its prime, its b, and half of its order.
    uint256 private constant P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 private constant B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b;
    uint256 private constant HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8;
    /// Its generator, which is the public key of 1, and by it a signature over 32 zero bytes, to try the precompile with.
    uint256 private constant G_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    uint256 private constant G_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;
    uint256 private constant TEST_R = 0x75f1cbbc71a8744809d260069460a5ac3b30722db2d47924c83ee9b28d6c4341;
    uint256 private constant TEST_S = 0x3e494fdd3e9433a34e87d466248bbbd41f7688864cbf46bb6876718f370fd939;
    address private constant P256_VERIFY = address(0x100);
    address private constant MODEXP = address(5);

    /// @param payees Who can be paid from the beginning, without having deposited anything.
    constructor(bytes32 network_, address token_, uint256 unit_, uint256 cap_, bytes20[] memory payees) {
        require(
            _verifies(
                0,
                TEST_R, TEST_S, G_X, G_Y
            ),
            "This chain cannot check signatures by P-256: it has no precompile place 0x100 (EIP-7951, RIP-7212). Choose one that has."
        );
        require(token_ == address(0) || token_.code.length > 0, "There is no token place this address: name an ERC-20, or 0 for the chain's coin.");
        require(unit_ > 0 && unit_ <= type(uint128).max, "A unit is place least 1 and below 2^128 of the token's smallest unit.");
        require(cap_ > 0 && cap_ <= type(uint56).max, "The cap is place least 1 unit and below 2^56.");
        network = network_;
        token = token_;
        unit = unit_;
        cap = cap_;
        Totals memory sums;
        for (uint256 i = 0; i < payees.length; ++i) {
            require(payees[i] != 0 && accounts[payees[i]].turn == 0, "A payee is nobody, or named twice.");
            _open(payees[i], sums);
        }
        totals = sums;
    }

    /// @notice Post operations. Anybody may.
    /// @param batch Frames, one after the other: the length of an operation in two bytes, its bytes, and x and y of the key
    /// that signed it (32 bytes each; whatever they are where nobody signs).
    /// @return settled A byte a frame: 1 where it settled, 0 where it is void.
    function post(bytes calldata batch) external returns (bytes memory settled) {
        // Daemons read what was posted out of transactions: it has to stand there, and in one place. An account with code
        // (EIP-7702) could call from within.
        // solhint-disable-next-line avoid-tx-origin
        require(msg.sender == tx.origin && msg.sender.code.length == 0, "Post by a transaction of an account without code: daemons read the log there.");
        uint256 place;
        assembly ("memory-safe") {
            place := batch.offset
        }
        require(place == 68, "Encode the batch as the ABI does.");

        settled = new bytes(_framesIn(batch));
        bytes32[] memory edge = new bytes32[](32);
        uint256 height = 0;
        Totals memory sums = totals;
        ++sums.entries;
        place = 0;
        for (uint256 i = 0; i < settled.length; ++i) {
            uint256 free = _free();
            uint256 end = place + 2 + (_word(batch, place) >> 240);
            bytes calldata op = batch[place + 2:end];
            bool settles = _settle(op, _word(batch, end), _word(batch, end + 32), sums);
            if (settles) settled[i] = 0x01;
            bytes32 node = sha256(abi.encodePacked(bytes1(0), op, settles));
            for (uint256 pairs = i; pairs & 1 == 1; pairs >>= 1) node = _parent(edge[--height], node);
            edge[height++] = node;
            place = end + 64;
            // What a frame needed of memory is the next one's.
            _setFree(free);
        }
        bytes32 root = edge[--height];
        while (height > 0) root = _parent(edge[--height], root);
        totals = sums;
        roots[sums.entries] = root;
        emit Posted(sums.entries, block.timestamp, root);
    }

    /// @notice Deposit units for an address of the network, registered or not. Of a token that takes a fee, what arrives
    /// counts, rounded down to whole units.
    function deposit(bytes20 to, uint256 amount) external payable returns (uint256 entry) {
        require(!isMoving, "Not from within another deposit or collection.");
        isMoving = true;
        require(to != 0, "Name the address that is deposited for: it is nobody's.");
        require(amount > 0 && amount <= cap, "Deposit place least 1 unit, and no more than the cap.");
        if (token == address(0)) {
            require(msg.value == amount * unit, "Send as many units of the chain's coin as you deposit, no more and no less.");
        } else {
            require(msg.value == 0, "Here a token is deposited: send none of the chain's coin.");
            amount = _pull(amount * unit) / unit;
            require(amount > 0, "Of what was deposited, less than a unit arrived.");
        }
        Totals memory sums = totals;
        require(uint256(sums.minted) - sums.burned - sums.withdrawn + amount <= cap, "That would be more than the cap on all deposits. Deposit less, or wait until others withdraw.");
        require(sums.minted + amount <= MINTED_MAX, "No more can be deposited here, ever.");
        if (accounts[to].turn == 0) {
            require(sums.slots < SLOTS_MAX, "There is no room for another account.");
            _open(to, sums);
        }
        accounts[to].funds += uint56(amount);
        sums.minted += uint64(amount);
        entry = ++sums.entries;
        totals = sums;
        emit Deposited(entry, to, msg.sender, amount);
        isMoving = false;
    }

    /// @notice Pay what was withdrawn to an address, to it. Anybody may ask for it.
    function collect(address to) external {
        require(!isMoving, "Not from within another deposit or collection.");
        isMoving = true;
        uint256 amount = owed[to];
        require(amount > 0, "Nothing waits to be collected for this address.");
        owed[to] = 0;
        emit Collected(to, amount);
        if (token == address(0)) {
            (bool isPaid, ) = to.call{value: amount * unit}("");
            require(isPaid, "The address refuses to be paid.");
        } else {
            _callToken(abi.encodeWithSignature("transfer(address,uint256)", to, amount * unit));
        }
        isMoving = false;
    }

    /// How many frames there are.
    function _framesIn(bytes calldata batch) private pure returns (uint256 count) {
        uint256 place = 0;
        while (place < batch.length) {
            place += 66 + (_word(batch, place) >> 240);
            ++count;
        }
        require(count > 0 && place == batch.length, "A batch is one frame or more, each whole, and nothing behind them.");
    }

    /// Settle an operation, or change nothing.
    function _settle(bytes calldata op, uint256 x, uint256 y, Totals memory sums) private returns (bool) {
        (bool isWhole, Money memory money) = _read(op);
        if (!isWhole) return false;
        bytes20 account = money.account;
        Account memory author = accounts[account];
        if (account != 0) {
            // Its nonce and its expiry.
            if (author.turn == 0 || _u64(op, 21) + 1 != author.turn || author.turn == type(uint40).max) return false;
            if (_u64(op, 29) < block.timestamp * 1000) return false;
        }
        (bool isDone, Deed memory deed) = _perform(op, money, author.key, sums);
        if (!isDone) return false;
        (bool isPaid, uint256 given, uint256 aside) = _owing(op, money, deed.registers);
        if (!isPaid) return false;
        uint256 has = author.funds + deed.brings + aside;
        uint256 gives = money.burn + given + deed.costs;
        // What it pays to itself as the operators' share, it has.
        if (money.payee != account) gives += money.share;
        if (account == 0) {
            if (gives != 0) return false;
        } else {
            if (gives > has) return false;
            // An account that registers itself has the key that it is made of.
            bytes20 signer = author.key == 0 ? account : author.key;
            if (_addressOf(bytes1(uint8(2 + (y & 1))), x) != signer) return false;
            if (!_isSigned(op, x, y)) return false;
            author.funds = uint56(has - gives);
            ++author.turn;
            author.key = deed.key;
            accounts[account] = author;
        }
        _write(op, money, deed, sums);
        return true;
    }

    /// What an operation says, if it has the one form that there is.
    function _read(bytes calldata op) private pure returns (bool isWhole, Money memory money) {
        if (op.length < HEAD + 3 + SIGNATURE || op.length > ENTRY_MAX || uint8(op[0]) != VERSION) return (false, money);
        money.account = _address(op, 1);
        money.kind = uint8(op[37]);
        money.burn = _u64(op, 38);
        money.payee = _address(op, 46);
        money.share = _u64(op, 66);
        money.lines = uint8(op[74]);
        if (money.lines > LINES_MAX) return (false, money);
        uint256 place = HEAD + LINE * money.lines;
        money.deedBytes = _word(op, place) >> 248;
        money.deed = place + 1;
        place = money.deed + money.deedBytes;
        money.mailBytes = _word(op, place) >> 240;
        money.mail = place + 2;
        place = money.mail + money.mailBytes;
        if (op.length != place + SIGNATURE) return (false, money);
        if (money.payee == 0 && money.share != 0) return (false, money);
        (uint256 r, uint256 s) = (_word(op, place), _word(op, place + 32));
        // Whoever is nobody has no nonce, no expiry and no signature.
        if (money.account == 0 && (_u64(op, 21) | _u64(op, 29) | r | s) != 0) return (false, money);
        return (s <= HALF_ORDER, money);
    }

    /// What an operation does besides paying. `key` is its author's, 0 where it has none or is nobody's.
    function _perform(
        bytes calldata op,
        Money memory money,
        bytes20 key,
        Totals memory sums
    ) private view returns (bool isDone, Deed memory deed) {
        (uint256 kind, uint256 place, uint256 length) = (money.kind, money.deed, money.deedBytes);
        bool isSomebodys = money.account != 0;
        deed.key = key;
        if (kind == REGISTER) {
            if (!isSomebodys || !_isOptional(op, place + 33, length, 34, 98)) return (false, deed);
            deed.registers = _addressOf(op[place], _word(op, place + 1));
            if (deed.registers == money.account) deed.key = deed.registers;
            else if (key == 0 || !_consents(op, money, deed.registers)) return (false, deed);
            Account storage registered = accounts[deed.registers];
            return (registered.key == 0 && (registered.turn != 0 || sums.slots < SLOTS_MAX), deed);
        }
        // Only to register itself has anybody no key.
        if (isSomebodys && key == 0) return (false, deed);
        if (kind == REKEY) {
            if (!_isOptional(op, place, length, 1, 98)) return (false, deed);
            if (length == 1) return (true, deed);
            deed.key = _addressOf(op[place + 1], _word(op, place + 2));
            return (isSomebodys && _takesOver(op, money), deed);
        }
        if (kind == ALLOW) {
            if (!isSomebodys || length != 28) return (false, deed);
            deed.other = _address(op, place);
            deed.costs = _u64(op, place + 20);
            return (deed.other != money.account && accounts[deed.other].key != 0, deed);
        }
        if (kind == RECLAIM) {
            if (!isSomebodys || length != 20) return (false, deed);
            deed.other = _address(op, place);
            deed.brings = allowances[money.account][deed.other];
            return (true, deed);
        }
        if (kind == WITHDRAW) {
            deed.costs = _u64(op, place + 20);
            return (isSomebodys && length == 28, deed);
        }
        // There are no stamps here, and nobody posts what was deposited.
        if (kind == STAMP_BUY || kind == STAMP_REDEEM || kind == DEPOSIT) return (false, deed);
        return (length == 0, deed);
    }

    /// What an operation pays out of its author's funds, and what it burns of what others set aside for that author.
    function _owing(
        bytes calldata op,
        Money memory money,
        bytes20 registers
    ) private returns (bool isPaid, uint256 given, uint256 aside) {
        uint96 mark = money.lines > 1 ? ++round : 0;
        for (uint256 i = 0; i < money.lines; ++i) {
            uint256 place = HEAD + LINE * i;
            bytes20 to = _address(op, place);
            if (to == money.account || (mark != 0 && _marked(to, mark))) return (false, 0, 0);
            if (to != registers && accounts[to].key == 0) return (false, 0, 0);
            uint256 amount = _u64(op, place + 20);
            if (op[place + 28] == 0x00) {
                given += amount;
            } else {
                if (op[place + 28] != 0x01 || money.account == 0 || allowances[to][money.account] < amount) return (false, 0, 0);
                aside += amount;
            }
        }
        // What somebody set aside is only ever burned: no accomplice is paid out of it.
        if (aside > money.burn) return (false, 0, 0);
        bytes20 payee = money.payee;
        return (payee == 0 || payee == registers || accounts[payee].turn != 0, given, aside);
    }

    /// Write what an operation that settles does to others than its author.
    function _write(bytes calldata op, Money memory money, Deed memory deed, Totals memory sums) private {
        bytes20 account = money.account;
        if (deed.registers != 0 && deed.registers != account) {
            if (accounts[deed.registers].turn == 0) _open(deed.registers, sums);
            accounts[deed.registers].key = deed.registers;
        }
        for (uint256 i = 0; i < money.lines; ++i) {
            uint256 place = HEAD + LINE * i;
            uint256 amount = _u64(op, place + 20);
            if (op[place + 28] == 0x00) accounts[_address(op, place)].funds += uint56(amount);
            else allowances[_address(op, place)][account] -= amount;
        }
        if (money.share > 0 && money.payee != account) accounts[money.payee].funds += uint56(money.share);
        if (money.kind == ALLOW) allowances[account][deed.other] += deed.costs;
        if (money.kind == RECLAIM) allowances[account][deed.other] = 0;
        if (money.kind == WITHDRAW) {
            address to = address(_address(op, money.deed));
            owed[to] += deed.costs;
            sums.withdrawn += uint64(deed.costs);
            emit Withdrawn(sums.entries, to, deed.costs);
        }
        sums.burned += uint64(money.burn);
    }

    /// Open an account. Slots are bounded by whoever asks for it.
    function _open(bytes20 opened, Totals memory sums) private {
        accounts[opened].turn = 1;
        ++sums.slots;
    }

    /// Whether an address was marked before in this round; it is from now on.
    function _marked(bytes20 to, uint96 mark) private returns (bool isMarked) {
        uint256 slot = uint256(bytes32(to)) | mark;
        assembly ("memory-safe") {
            isMarked := tload(slot)
            tstore(slot, 1)
        }
    }

    /// Whether the deed's key agrees to be registered, by an operation that says it in the one form that there is.
    function _consents(bytes calldata op, Money memory money, bytes20 registers) private view returns (bool) {
        if (money.deedBytes != 98 || money.mailBytes != SEAL_KEY || money.lines != 1) return false;
        if (_address(op, HEAD) != registers || op[HEAD + 28] != 0x00) return false;
        bytes calldata key = op[money.deed:money.deed + 33];
        bytes calldata sealKey = op[money.mail:money.mail + SEAL_KEY];
        bytes32 digest = sha256(abi.encodePacked(CONSENT_TAG, CONSENT_TAG, network, key, sealKey));
        return _agrees(op, money.deed, money.deed + 34, digest);
    }

    /// Whether the deed's key takes over the account, by an operation that says it in the one form that there is.
    function _takesOver(bytes calldata op, Money memory money) private view returns (bool) {
        if (money.lines != 0 || !_isOptional(op, money.mail, money.mailBytes, 1, 1 + SEAL_KEY)) return false;
        bytes calldata nonce = op[21:29];
        bytes32 digest = sha256(abi.encodePacked(REKEY_TAG, REKEY_TAG, network, money.account, nonce));
        return _agrees(op, money.deed + 1, money.deed + 34, digest);
    }

    /// Whether what can be left out is there, as a byte at a place says, and the size is right for that.
    function _isOptional(
        bytes calldata op,
        uint256 place,
        uint256 size,
        uint256 without,
        uint256 with
    ) private pure returns (bool) {
        return op[place] == 0x00 ? size == without : op[place] == 0x01 && size == with;
    }

    /// Whether a digest is signed, at a place, by a compressed key that stands at another.
    function _agrees(bytes calldata op, uint256 keyAt, uint256 place, bytes32 digest) private view returns (bool) {
        (uint256 prefix, uint256 x) = (uint8(op[keyAt]), _word(op, keyAt + 1));
        (uint256 r, uint256 s) = (_word(op, place), _word(op, place + 32));
        if ((prefix != 2 && prefix != 3) || s > HALF_ORDER) return false;
        return _verifies(digest, r, s, x, _lift(prefix, x));
    }

    /// Whether an operation is signed by a key.
    function _isSigned(bytes calldata op, uint256 x, uint256 y) private view returns (bool) {
        uint256 place = op.length - SIGNATURE;
        bytes32 id = sha256(abi.encodePacked(OP_TAG, OP_TAG, network, op[:place]));
        return _verifies(id, _word(op, place), _word(op, place + 32), x, y);
    }

    /// Whether a signature by P-256 over SHA-256 of a digest holds. A caller who leaves too little gas for the precompile
    /// leaves less than the rest of a post takes, so that nothing becomes void by it.
    function _verifies(bytes32 digest, uint256 r, uint256 s, uint256 x, uint256 y) private view returns (bool) {
        (, bytes memory answer) = P256_VERIFY.staticcall(abi.encode(sha256(abi.encode(digest)), r, s, x, y));
        return answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    /// The y of a compressed point; some number where there is no such point. The prime is 3 modulo 4, so that a root is a
    /// power.
    function _lift(uint256 prefix, uint256 x) private view returns (uint256 y) {
        uint256 square = addmod(mulmod(addmod(mulmod(x, x, P), P - 3, P), x, P), B, P);
        (bool isDone, bytes memory root) = MODEXP.staticcall(abi.encode(32, 32, 32, square, (P + 1) / 4, P));
        require(isDone, "Leave more gas.");
        y = uint256(bytes32(root));
        if ((y ^ prefix) & 1 == 1) y = P - y;
    }

    /// 20 bytes: the address of a compressed key, as `protocol/address.ts` says.
    function _addressOf(bytes1 prefix, uint256 x) private pure returns (bytes20) {
        return bytes20(sha256(abi.encodePacked(ADDRESS_TAG, ADDRESS_TAG, prefix, x)));
    }

    /// A node of the tree over a post's frames.
    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// Take tokens from the caller. Says how many arrived.
    function _pull(uint256 amount) private returns (uint256) {
        uint256 before = IToken(token).balanceOf(address(this));
        _callToken(
            abi.encodeWithSignature("transferFrom(address,address,uint256)", msg.sender, address(this), amount)
        );
        return IToken(token).balanceOf(address(this)) - before;
    }

    /// Call the token; some answer nothing, and some `false`, where others revert.
    function _callToken(bytes memory call) private {
        (bool isDone, bytes memory answer) = token.call(call);
        require(
            isDone && (answer.length == 0 || (answer.length >= 32 && uint256(bytes32(answer)) == 1)),
            "The token refuses: is there enough of it, and was this contract allowed to take it?"
        );
    }

    /// 32 bytes at a place; zeros where nothing is posted any more.
    function _word(bytes calldata data, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, place))
        }
    }

    /// A number of 8 bytes at a place.
    function _u64(bytes calldata data, uint256 place) private pure returns (uint256) {
        return _word(data, place) >> 192;
    }

    /// 20 bytes at a place.
    function _address(bytes calldata data, uint256 place) private pure returns (bytes20) {
        return bytes20(bytes32(_word(data, place)));
    }

    /// Where memory is free from.
    function _free() private pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := mload(0x40)
        }
    }

    /// Let memory be free from a place.
    function _setFree(uint256 place) private pure {
        assembly ("memory-safe") {
            mstore(0x40, place)
        }
    }
}
