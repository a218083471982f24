module example.com/steelyard-client

go 1.19
