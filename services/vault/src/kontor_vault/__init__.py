"""The customer's folder: folders, documents, who may see them, and who has seen them."""
