package history

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// The figures of a run stand in its row, in one piece: a form's number, then for each figure the series it belongs to, the verdict and the
// value. So the points of 500 series of 100 runs are 100 rows, not 50,000.
const (
	figuresForm = 1
	figureSize  = 8 + 1 + 8
)

// seriesKey is the first 64 bits of the SHA-256 of what names a series: of ten thousand series two are mistaken for one another once in 10^11 jobs.
func seriesKey(of result.TrendOf, id string) uint64 {
	sum := sha256.Sum256([]byte(string(of) + "\x00" + clean(id)))
	return binary.LittleEndian.Uint64(sum[:8])
}

// verdicts are the verdicts by the number that figures have for them: its place. New ones are added at the end.
var verdicts = [...]result.Verdict{result.Pass, result.Skipped, result.Inconclusive, result.Fail, result.Error}

func verdictNumber(v result.Verdict) byte {
	for i, x := range verdicts {
		if x == v {
			return byte(i)
		}
	}
	return byte(len(verdicts)) // read as ""
}

// pack returns the figures of a run.
func pack(rep *result.Report) []byte {
	b := make([]byte, 1, 1+figureSize*(len(rep.Expectations)+len(rep.Datasets)))
	b[0] = figuresForm
	add := func(key uint64, v result.Verdict, f float64) {
		b = binary.LittleEndian.AppendUint64(b, key)
		b = append(b, verdictNumber(v))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if of, f, ok := e.Figure(); ok {
			add(seriesKey(of, e.ID), e.Verdict, f)
		}
	}
	for i := range rep.Datasets {
		if d := &rep.Datasets[i]; d.Rows != nil {
			add(seriesKey(result.TrendRows, d.Name), rep.Summary.Verdict, float64(*d.Rows))
		}
	}
	return b
}

var errFigures = errors.New("the figures of a run are damaged, or written by a newer version of assay")

// unpack calls f for each figure of a run.
func unpack(b []byte, f func(key uint64, v result.Verdict, figure float64)) error {
	if len(b) == 0 || b[0] != figuresForm || (len(b)-1)%figureSize != 0 {
		return errFigures
	}
	for b = b[1:]; len(b) > 0; b = b[figureSize:] {
		var v result.Verdict
		if n := int(b[8]); n < len(verdicts) {
			v = verdicts[n]
		}
		f(binary.LittleEndian.Uint64(b), v, math.Float64frombits(binary.LittleEndian.Uint64(b[9:])))
	}
	return nil
}

// wanted are the points gathered for one request.
type wanted struct {
	limit  int // points that may still come; negative for any number
	since  int64
	points []baseline.Point
}

func (w *wanted) full() bool { return w.limit == 0 }

func (w *wanted) add(p baseline.Point) {
	w.points = append(w.points, p)
	w.limit--
}
