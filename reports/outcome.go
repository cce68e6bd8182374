package reports

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// outcome is what became of an expectation, in the words of the text form: pass, fail, warning, info, error, inconclusive or skipped.
func outcome(e *result.Expectation) string {
	if e.Verdict == result.Fail && e.Severity != result.SeverityError {
		return string(e.Severity)
	}
	return string(e.Verdict)
}

// passed and skipped expectations need nobody's attention; all others do.
func needsAttention(e *result.Expectation) bool {
	return e.Verdict != result.Pass && e.Verdict != result.Skipped
}

// worstFirst are the expectations that keep takes, the worst first, and as the suite has them among equals.
func worstFirst(rep *result.Report, keep func(*result.Expectation) bool) []*result.Expectation {
	var out []*result.Expectation
	for i := range rep.Expectations {
		if e := &rep.Expectations[i]; keep(e) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b *result.Expectation) int { return cmp.Compare(weight(a), weight(b)) })
	return out
}

// said is a text on one line, harmless, of no more than most bytes.
func said(s string, most int) string {
	s = diag.Visible(strings.TrimSpace(head(s, most)))
	if len(s) <= most {
		return s
	}
	cut := 0
	for i := range s {
		if i > most-len("…") {
			break
		}
		cut = i
	}
	return s[:cut] + "…"
}

// name is an id or a name of no more than most bytes. Of a longer one the end is a digest, so that no two names become one.
func name(s string, most int) string {
	v := diag.Visible(s)
	if len(v) <= most {
		return v
	}
	const digits = 16
	return said(v, most-digits-1) + " " + digest(s)[:digits]
}

// digest is the SHA-256 of the parts, each apart from the next, in hexadecimal.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\x00")) // never fails, says its documentation
	}
	return hex.EncodeToString(h.Sum(nil))
}

// uuid is an identifier in the form of RFC 9562, always the same of the same parts. It says version 5, which is of names: SARIF's schema takes no later one.
func uuid(parts ...string) string {
	b := []byte(digest(parts...)[:32])
	b[12], b[16] = '5', "89ab"[b[16]&3]
	return string(b[:8]) + "-" + string(b[8:12]) + "-" + string(b[12:16]) + "-" + string(b[16:20]) + "-" + string(b[20:])
}

// why is the sentence of an expectation with what became of it before, unless that is said by the sentence's place.
func why(e *result.Expectation, most int) string {
	switch e.Verdict {
	case result.Error:
		return said(led("could not be evaluated: ", e.Message), most)
	case result.Inconclusive:
		return said(led("inconclusive: ", e.Message), most)
	case result.Pass, result.Fail, result.Skipped:
	}
	return said(e.Message, most)
}

// led is a sentence that begins with the words, once: those of samples begin with them by themselves.
func led(words, sentence string) string {
	if strings.HasPrefix(sentence, words) {
		return sentence
	}
	return words + sentence
}

// block is what the text form says of an expectation beneath its table, in lines.
func block(e *result.Expectation, rows int) string {
	var b strings.Builder
	p := &printer{w: &b, o: TextOptions{Rows: rows, Width: defaultWidth}}
	p.detail([]*result.Expectation{e})
	return strings.TrimRight(b.String(), "\n") + "\n"
}
