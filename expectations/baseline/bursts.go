package baseline

import (
	"fmt"
	"math"
)

const (
	// leastBursts is the least number of times, apart from one another, that a figure was as far from the others to be so every now and then.
	leastBursts = 4
	// burstShare is the least share of the runs that were. Incidents are fewer.
	burstShare = 0.05
)

// asOften says that the figure was as far from what is expected, on the same side, time and again: what comes and goes, a job that runs on some days or the load of a machine, is no
// incident each time. "" where it was not, or where it lasts longer than ever before.
func (j *judging) asOften(side int) string {
	lasts := j.before(side)
	end := len(j.x) - lasts // those since are this time
	half := j.band.high - j.band.expected
	off := math.Abs(j.now.Value-j.band.expected) - half
	usual := j.weightOf(j.model, j.band.expected)
	far, bursts, length, longest := 0, 0, 0, 0
	for i := j.start; i < end; i++ {
		expected := j.expectedOf(i)
		d := (j.training.y[i] - expected) * float64(side) * usual / j.weightOf(j.model, expected)
		if d < off || d <= half {
			length = 0
			continue
		}
		if far, length = far+1, length+1; length == 1 {
			bursts++
		}
		longest = max(longest, length)
	}
	if lasts > longest || bursts < leastBursts || float64(far) < burstShare*float64(end-j.start) {
		return ""
	}
	return fmt.Sprintf("as far from the others as %d of the %d runs before: it comes and goes", far, end-j.start)
}
