package diag

import "strings"

// maxWord bounds the words that are compared: the distance costs their product.
const maxWord = 64

// Nearest returns the candidate that word is most likely a slip of the pen of, or "": the least
// Damerau-Levenshtein distance (insertions, deletions, substitutions and transpositions
// of neighbours, letters' case apart) that is at most a third of the longer word, at least 1.
// Among equals the earlier candidate wins.
func Nearest(word string, candidates []string) string {
	w := []rune(strings.ToLower(word))
	if len(w) == 0 || len(w) > maxWord {
		return ""
	}
	best, bestDistance := "", maxWord
	for _, c := range candidates {
		if c == word {
			continue
		}
		x := []rune(strings.ToLower(c))
		if len(x) == 0 || len(x) > maxWord {
			continue
		}
		allowed := max(max(len(w), len(x))/3, 1)
		if d := distance(w, x); d <= allowed && d < bestDistance && d < len(x) {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean returns the hint that names the nearest candidate, or "".
func DidYouMean(word string, candidates []string) string {
	if n := Nearest(word, candidates); n != "" {
		return `did you mean "` + n + `"?`
	}
	return ""
}

// distance is the optimal string alignment distance.
func distance(a, b []rune) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
