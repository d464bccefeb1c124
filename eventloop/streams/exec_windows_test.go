package streams_test

func execSpecs(kind string) {}
