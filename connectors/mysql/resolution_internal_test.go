package mysql

import "testing"

func TestTruncates(t *testing.T) {
	for _, c := range []struct {
		mode, version string
		want          bool
	}{
		{"STRICT_TRANS_TABLES", "9.7.0", false},
		{"STRICT_TRANS_TABLES,TIME_TRUNCATE_FRACTIONAL", "8.4.1", true},
		{"", "11.8.2-MariaDB-ubu2404", true},
		{"TIME_ROUND_FRACTIONAL", "11.8.2-MariaDB", false},
	} {
		if got := flavourOf(c.version).truncates(c.mode); got != c.want {
			t.Errorf("%s with %q: %v", c.version, c.mode, got)
		}
	}
}
