package main

import "testing"

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1000000": 1_000_000, "3kB": 3000, "500MB": 500_000_000, "2 GB": 2_000_000_000, "1KiB": 1024, "64MiB": 64 << 20, "2GiB": 2 << 30,
	} {
		if got, err := parseBytes(text); got != want || err != nil {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "MB", "1.5GB", "10m", "5 mb", "9223372036854775808", "10000000000GiB", "+ 1MB"} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}
