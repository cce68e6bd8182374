package main

import "testing"

func TestColumns(t *testing.T) {
	lines := [][]string{{"figure", "last", ""}, {"漢字", "7", "x"}, {"e\u0301", "1,234", ""}}
	if got, want := columns(lines, 1), "figure   last\n漢字        7  x\ne\u0301       1,234\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := columns(lines), "figure  last\n漢字    7      x\ne\u0301       1,234\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
