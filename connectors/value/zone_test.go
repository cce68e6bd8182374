package value_test

import (
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// TestTimeIn pins skipped and doubled hours east and west of Greenwich, by instants written out by hand.
func TestTimeIn(t *testing.T) {
	for _, c := range [][3]string{
		{"Europe/Berlin", "2024-07-01T12:00:00.5Z", "2024-07-01T10:00:00.5Z"},
		{"Europe/Berlin", "2024-03-31T01:59:59Z", "2024-03-31T00:59:59Z"},
		{"Europe/Berlin", "2024-03-31T02:30:00Z", "2024-03-31T01:30:00Z"},
		{"Europe/Berlin", "2024-03-31T03:00:00Z", "2024-03-31T01:00:00Z"},
		{"Europe/Berlin", "2024-10-27T01:59:59Z", "2024-10-26T23:59:59Z"},
		{"Europe/Berlin", "2024-10-27T02:30:00Z", "2024-10-27T01:30:00Z"},
		{"Europe/Berlin", "2024-10-27T03:00:00Z", "2024-10-27T02:00:00Z"},
		{"America/New_York", "2024-03-10T01:59:59Z", "2024-03-10T06:59:59Z"},
		{"America/New_York", "2024-03-10T02:30:00Z", "2024-03-10T07:30:00Z"},
		{"America/New_York", "2024-03-10T03:00:00Z", "2024-03-10T07:00:00Z"},
		{"America/New_York", "2024-11-03T00:59:59Z", "2024-11-03T04:59:59Z"},
		{"America/New_York", "2024-11-03T01:30:00Z", "2024-11-03T06:30:00Z"},
		{"America/New_York", "2024-11-03T02:00:00Z", "2024-11-03T07:00:00Z"},
		{"Australia/Lord_Howe", "2024-04-07T01:45:00Z", "2024-04-06T15:15:00Z"}, // half an hour, twice
		{"Australia/Lord_Howe", "2024-10-06T02:15:00Z", "2024-10-05T15:45:00Z"}, // half an hour, skipped
		{"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00Z"},        // a whole day, skipped
		{"Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"UTC", "2024-03-31T02:30:00Z", "2024-03-31T02:30:00Z"},
		{"+05:30", "0001-01-01T05:30:00Z", "0001-01-01T00:00:00Z"},
	} {
		loc, err := value.LoadZone(c[0])
		if err != nil {
			t.Fatal(err)
		}
		wall, err := time.Parse(time.RFC3339Nano, c[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := value.TimeIn(wall, loc).UTC().Format(time.RFC3339Nano); got != c[2] {
			t.Errorf("%s %s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
