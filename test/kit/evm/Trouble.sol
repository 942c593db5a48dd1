// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// What a contract that holds money meets: tokens of several kinds, receivers who refuse or come back, callers from within.

interface ICustody {
    function deposit(bytes20 to, uint256 amount) external payable returns (uint256);
    function collect(address to) external;
    function post(bytes calldata batch) external returns (bytes memory);
}

/// A token that keeps so many of a hundred for itself, calls its sender back where that is asked for, and answers nothing
/// or `false` like some do.
contract Token {
    mapping(address => uint256) public balanceOf;
    uint256 public immutable fee;
    bool public immutable isSilent;
    bool public isStopped;
    bytes private callback;

    constructor(uint256 fee_, bool isSilent_) {
        fee = fee_;
        isSilent = isSilent_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function stop(bool isStopped_) external {
        isStopped = isStopped_;
    }

    function callBack(bytes calldata callback_) external {
        callback = callback_;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
        if (callback.length > 0) {
            (bool isDone, bytes memory answer) = msg.sender.call(callback);
            if (!isDone)
                assembly {
                    revert(add(answer, 32), mload(answer))
                }
        }
    }

    function _move(address from, address to, uint256 amount) private {
        if (isStopped)
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        balanceOf[from] -= amount;
        balanceOf[to] += amount - (amount * fee) / 100;
        if (!isSilent)
            assembly {
                mstore(0, 1)
                return(0, 32)
            }
    }
}

/// A receiver that refuses to be paid, as long as it does.
contract Refuser {
    bool public isWilling;

    function relent() external {
        isWilling = true;
    }

    receive() external payable {
        require(isWilling, "no");
    }
}

/// A receiver that calls the contract that pays it, and passes on what that says.
contract Returner {
    ICustody private immutable custody;
    bool private immutable deposits;

    constructor(ICustody custody_, bool deposits_) {
        custody = custody_;
        deposits = deposits_;
    }

    receive() external payable {
        if (deposits) custody.deposit{value: msg.value}(bytes20(address(this)), 1);
        else custody.collect(address(this));
    }
}

/// Calls for somebody else.
contract Relay {
    function post(ICustody custody, bytes calldata batch) external {
        custody.post(batch);
    }
}
