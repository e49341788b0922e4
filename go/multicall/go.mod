module multicall

go 1.22
