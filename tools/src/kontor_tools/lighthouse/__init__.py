"""`make lighthouse`: Lighthouse's judgement of the pages that people see first, on a running demo installation."""
