package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// finding is one broken rule: where in the document, by offset and by JSON Pointer, and which.
type finding struct {
	offset  int
	pointer string
	message string
}

// check compares a value with the rules and returns all that is wrong, in document order.
func check(r *rules, value *node, pointer string) []finding {
	found := []finding{}
	report := func(format string, arguments ...any) {
		found = append(found, finding{value.offset, pointer, fmt.Sprintf(format, arguments...)})
	}
	if len(r.types) > 0 && !hasType(value, r.types) {
		report("is %s, must be %s", article(typeOf(value)), alternatives(r.types))
		return found
	}
	if r.constant != nil && !equal(value, r.constant) {
		report("must be %s", show(r.constant))
	}
	if r.choices != nil && !contains(r.choices, value) {
		report("is %s, must be one of %s", show(value), showAll(r.choices))
	}
	switch v := value.value.(type) {
	case string:
		r.checkString(v, report)
	case json.Number:
		r.checkNumber(v, report)
	case []*node:
		found = append(found, r.checkArray(v, pointer, report)...)
	case *object:
		found = append(found, r.checkObject(v, pointer, report)...)
	}
	return append(found, r.checkConditions(value, pointer)...)
}

func (r *rules) checkString(text string, report func(string, ...any)) {
	length := utf8.RuneCountInString(text)
	if r.minLength != nil && length < *r.minLength {
		report("has %d characters, must have at least %d", length, *r.minLength)
	}
	if r.maxLength != nil && length > *r.maxLength {
		report("has %d characters, must have at most %d", length, *r.maxLength)
	}
	if r.pattern != nil && !r.pattern.MatchString(text) {
		report("%q does not match %s", text, r.pattern)
	}
}

func (r *rules) checkNumber(text json.Number, report func(string, ...any)) {
	value, err := text.Float64()
	if err != nil {
		report("%s is out of range", text)
		return
	}
	if r.minimum != nil && value < *r.minimum {
		report("is %s, must be at least %v", text, *r.minimum)
	}
	if r.maximum != nil && value > *r.maximum {
		report("is %s, must be at most %v", text, *r.maximum)
	}
}

func (r *rules) checkArray(items []*node, pointer string, report func(string, ...any)) []finding {
	if r.minItems != nil && len(items) < *r.minItems {
		report("has %d items, must have at least %d", len(items), *r.minItems)
	}
	if r.maxItems != nil && len(items) > *r.maxItems {
		report("has %d items, must have at most %d", len(items), *r.maxItems)
	}
	found := []finding{}
	for i, item := range items {
		here := fmt.Sprintf("%s/%d", pointer, i)
		if r.uniqueItems && contains(items[:i], item) {
			found = append(found, finding{item.offset, here, "stands in the array twice"})
		}
		if r.items != nil {
			found = append(found, check(r.items, item, here)...)
		}
	}
	return found
}

func (r *rules) checkObject(o *object, pointer string, report func(string, ...any)) []finding {
	for _, name := range r.required {
		if o.find(name) == nil {
			report("lacks %q", name)
		}
	}
	found := []finding{}
	for _, m := range o.members {
		here := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(m.name)
		if rule := r.properties[m.name]; rule != nil {
			found = append(found, check(rule, m.value, here)...)
		} else if r.closed {
			found = append(found, finding{m.value.offset, here, "no such property; there are " + r.names()})
		}
	}
	return found
}

func (r *rules) checkConditions(value *node, pointer string) []finding {
	if r.when == nil {
		return nil
	}
	branch := r.otherwise
	if len(check(r.when, value, pointer)) == 0 {
		branch = r.then
	}
	if branch == nil {
		return nil
	}
	return check(branch, value, pointer)
}

func typeOf(value *node) string {
	switch v := value.value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		if f, err := v.Float64(); err == nil && f == float64(int64(f)) {
			return "integer"
		}
		return "number"
	case []*node:
		return "array"
	}
	return "object"
}

func hasType(value *node, types []string) bool {
	actual := typeOf(value)
	for _, t := range types {
		if t == actual || t == "number" && actual == "integer" {
			return true
		}
	}
	return false
}

// equal compares as JSON does: numbers by value, objects without regard to order.
func equal(a, b *node) bool {
	switch left := a.value.(type) {
	case json.Number:
		right, isNumber := b.value.(json.Number)
		x, _ := left.Float64()
		y, _ := right.Float64()
		return isNumber && (left == right || x == y)
	case []*node:
		right, isArray := b.value.([]*node)
		if !isArray || len(left) != len(right) {
			return false
		}
		for i := range left {
			if !equal(left[i], right[i]) {
				return false
			}
		}
		return true
	case *object:
		right, isObject := b.value.(*object)
		if !isObject || len(left.members) != len(right.members) {
			return false
		}
		for _, m := range left.members {
			if other := right.find(m.name); other == nil || !equal(m.value, other) {
				return false
			}
		}
		return true
	}
	return a.value == b.value
}

func contains(values []*node, value *node) bool {
	for _, v := range values {
		if equal(v, value) {
			return true
		}
	}
	return false
}

// show writes a value as compact JSON.
func show(value *node) string {
	switch v := value.value.(type) {
	case []*node:
		return "[" + showAll(v) + "]"
	case *object:
		parts := []string{}
		for _, m := range v.members {
			parts = append(parts, fmt.Sprintf("%q: %s", m.name, show(m.value)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		return fmt.Sprintf("%q", v)
	case nil:
		return "null"
	default:
		return fmt.Sprint(v)
	}
}

func showAll(values []*node) string {
	parts := []string{}
	for _, v := range values {
		parts = append(parts, show(v))
	}
	return strings.Join(parts, ", ")
}

func article(noun string) string {
	switch noun {
	case "null":
		return noun
	case "integer", "array", "object":
		return "an " + noun
	}
	return "a " + noun
}

func alternatives(types []string) string {
	parts := []string{}
	for _, t := range types {
		parts = append(parts, article(t))
	}
	return strings.Join(parts, " or ")
}
