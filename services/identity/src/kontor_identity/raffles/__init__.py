"""Raffles for customers whose identity is proved (F165): vouchers from a stock, and draws that anybody can repeat."""
