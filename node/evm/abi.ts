/**
 * The interface of `Custody.sol`, for whoever calls it. Addresses of the network are `bytes20`, those of the chain
 * `address`; amounts are in the network's smallest unit.
 */
import { parseAbi } from 'viem'

/** What can be called, and what is told; nodes do not call it yet, and tests do. */
export const custodyAbi = parseAbi([
  'constructor(bytes32 network_, address token_, uint256 unit_, uint256 cap_, bytes20[] payees)',
  'function post(bytes batch) returns (bytes settled)',
  'function deposit(bytes20 to, uint256 amount) payable returns (uint256 entry)',
  'function collect(address to)',
  'function network() view returns (bytes32)',
  'function token() view returns (address)',
  'function unit() view returns (uint256)',
  'function cap() view returns (uint256)',
  'function accounts(bytes20 address_) view returns (uint56 funds, uint40 turn, bytes20 key)',
  'function allowances(bytes20 granter, bytes20 sender) view returns (uint256 amount)',
  'function roots(uint256 entry) view returns (bytes32 root)',
  'function owed(address to) view returns (uint256 amount)',
  'function totals() view returns (uint64 minted, uint64 burned, uint64 withdrawn, uint32 slots, uint32 entries)',
  'event Posted(uint256 indexed entry, uint256 time, bytes32 root)',
  'event Deposited(uint256 indexed entry, bytes20 indexed to, address indexed from, uint256 amount)',
  'event Withdrawn(uint256 indexed entry, address indexed to, uint256 amount)',
  'event Collected(address indexed to, uint256 amount)',
])
