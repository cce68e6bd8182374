package baseline_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
)

// TestNumenta judges the series of the Numenta Anomaly Benchmark, real ones with the incidents in them known: github.com/numenta/NAB, in a folder that ASSAY_NAB names. It is
// AGPL, so that none of it is here.
//
// A point is the mean of an hour: a figure of assay is one of a run, and runs come by the hour or the day, not every five minutes; days would leave 14 points of most series. As
// in the benchmark the first 15 % of a series are learned from and not judged. Every method judges a point by those before it; assay by as many as it reads for a
// baseline about which nothing is said.
func TestNumenta(t *testing.T) {
	root := os.Getenv("ASSAY_NAB")
	if root == "" {
		t.Skip("needs series that may not be kept here: ASSAY_NAB=FOLDER names a copy of github.com/numenta/NAB")
	}
	windows := windowsOf(t, filepath.Join(root, "labels", "combined_windows.json"))
	sums := map[string][]found{}
	for _, name := range slices.Sorted(maps.Keys(windows)) {
		points := hours(t, filepath.Join(root, "data", filepath.FromSlash(name)))
		category := path.Dir(name)
		if sums[category] == nil {
			sums[category] = make([]found, len(methods()))
		}
		for k, m := range methods() {
			f := m.over(points, windows[name])
			sums[category][k] = sums[category][k].and(f)
			t.Logf("%-60s %-18s %s", name, m.name, f)
		}
	}
	if len(sums) == 0 {
		t.Fatalf("no series in %s", root)
	}
	var b strings.Builder
	all := make([]found, len(methods()))
	for _, category := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "| %s |", category)
		for k, f := range sums[category] {
			fmt.Fprintf(&b, " %s |", f)
			if strings.HasPrefix(category, "real") {
				all[k] = all[k].and(f)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("| all real |")
	for _, f := range all {
		fmt.Fprintf(&b, " %s |", f)
	}
	t.Logf("windows hit, alarms outside of windows in 1,000 points\n%s", b.String())
}

// found counts the labelled windows in which there was an alarm, and the alarms elsewhere.
type found struct{ hit, windows, alarms, outside int }

func (f found) and(o found) found {
	return found{f.hit + o.hit, f.windows + o.windows, f.alarms + o.alarms, f.outside + o.outside}
}

func (f found) String() string {
	return fmt.Sprintf("%d of %d, %.1f", f.hit, f.windows, 1000*float64(f.alarms)/float64(max(f.outside, 1)))
}

// numentaLimit is the number of points that are read for a baseline about which nothing is said.
const numentaLimit = 200

// over runs a method over a series.
func (m method) over(points []baseline.Point, windows []baseline.Span) found {
	out := found{windows: len(windows)}
	hit := make([]bool, len(windows))
	for i := len(points) * 15 / 100; i < len(points); i++ {
		before := points[:i]
		if m.name == "assay" {
			before = before[max(0, i-numentaLimit):]
		}
		alarm := m.alarm(before, points[i])
		k := slices.IndexFunc(windows, func(w baseline.Span) bool { return w.Holds(points[i].At) })
		switch {
		case k >= 0:
			hit[k] = hit[k] || alarm
			continue
		case alarm:
			out.alarms++
		}
		out.outside++
	}
	for _, h := range hit {
		if h {
			out.hit++
		}
	}
	return out
}

// windowsOf reads the labelled windows of each series. A window begins with the hour that its first point falls in.
func windowsOf(t *testing.T, file string) map[string][]baseline.Span {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][][2]string
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string][]baseline.Span{}
	for name, ws := range all {
		out[name] = []baseline.Span{}
		for _, w := range ws {
			from, to := numentaTime(t, w[0]), numentaTime(t, w[1])
			out[name] = append(out[name], baseline.Span{From: from.Truncate(time.Hour), To: to.Add(time.Second)})
		}
	}
	return out
}

func numentaTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, s) // a fraction of a second may follow
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// hours reads a series and forms the mean of each hour in which there is a point.
func hours(t *testing.T, file string) []baseline.Point {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []baseline.Point
	sum, n := 0.0, 0.0
	for _, row := range rows[1:] {
		at := numentaTime(t, row[0]).Truncate(time.Hour)
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if k := len(out); k == 0 || out[k-1].At.Before(at) {
			out = append(out, baseline.Point{At: at})
			sum, n = 0, 0
		}
		sum, n = sum+v, n+1
		out[len(out)-1].Value = sum / n
	}
	return out
}
